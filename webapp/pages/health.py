"""``/health``: whether the house works, for whoever watches over it."""

from fastapi import APIRouter
from sqlmodel import Session, text
from starlette.responses import JSONResponse

from webapp import __version__
from webapp.pages.house import TheHouse

router = APIRouter()


@router.get("/health")
def health(house: TheHouse) -> JSONResponse:
    """``ok`` once pages are served and rows can be read."""
    house.database.read(_ask)
    return JSONResponse({"status": "ok", "version": __version__})


def _ask(db: Session) -> None:
    db.connection().execute(text("SELECT 1"))
