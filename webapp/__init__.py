"""Hausbote: every conversation of a household, whatever the network, in one browser tab.

A map of the rooms, from the roof to the cellar; each may use what stands below it, never what stands above
(``pyproject.toml`` holds the rules, the tests run them):

===========================  ====================================================================
``app``, ``cli``             build the program; the commands
``pages``                    HTTP: one router a page
``live`` | ``sessions``      what watches (open tabs) | what is connected (accounts)
``messaging`` | ``networks`` the verbs on our rows | one folder a network
``models``                   the nouns; beside them the contract that every network keeps
``settings`` … ``tokens``    the cellar: settings, database, hub, changes, languages, markup, vault, tokens
===========================  ====================================================================

Three words carry everything: an **event** comes in from a network, an **action** goes out to a network, a
**change** goes to the screen. A message that arrives passes ``networks/x/session``, ``networks/x/translate``,
``sessions/inflow``, ``messaging/receive``, ``hub``, ``live``. One that is written passes ``pages/messages``,
``messaging/send``, ``sessions/outflow``, ``networks/x/session``, ``messaging/settle``, ``live``.

The glossary is the docstrings of ``models``, ``networks/events`` (``sealing``, ``matters``), ``networks/actions`` and
``changes``.
"""

__version__ = "0.1.0"
