"""Decisions of the administrator about the whole house."""

from sqlmodel import Field, SQLModel


class InstanceOption(SQLModel, table=True):
    """One decision: ``network.toy.offered`` = ``"yes"``, ``network.house.family_group`` = ``"no"``, ``house.name``."""

    __tablename__ = "instance_option"

    key: str = Field(primary_key=True)
    value: str
