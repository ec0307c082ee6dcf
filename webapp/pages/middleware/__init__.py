"""What every request passes before a page sees it, from the outside in. Plain ASGI, one thing a file."""
