"""Matrix (specification v1.15): any homeserver, and by its bridges many other networks. Being built: nobody sees it."""
