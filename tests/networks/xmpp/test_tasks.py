"""Work beside other work."""

import asyncio

from webapp.networks.xmpp.tasks import AT_A_TIME, Tasks, in_turns


def test_whoever_reads_a_page_lets_others_have_their_turn() -> None:
    async def talk() -> None:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        tasks = Tasks()
        tasks.start(other())
        assert [number async for number in in_turns(range(250))] == list(range(250))
        assert turns >= 250 // AT_A_TIME
        await tasks.close()

    asyncio.run(talk())


def test_work_ends_with_whoever_began_it() -> None:
    async def talk() -> None:
        tasks = Tasks()
        task = tasks.start(asyncio.sleep(3600))
        await tasks.close()
        assert task.cancelled()

    asyncio.run(talk())
