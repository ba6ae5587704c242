"""A page of the shop that is looked at by people and by tools, and the way there."""

from dataclasses import dataclass

from payments.tests.steps import Step


@dataclass(frozen=True)
class Place:
    """What stands in braces, and the name of a cart, is a fact of the stage."""

    name: str
    path: str = "/healthz"
    # From the page at the path to this one. They save nothing that is shown: the stage is the same for the next page.
    steps: tuple[Step, ...] = ()
    cart: str = ""
    # Answered only when something is wrong: what the stage was answered is put into a page that has nothing in it.
    problem: str = ""
    is_staffs: bool = False
