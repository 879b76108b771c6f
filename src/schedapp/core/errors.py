"""What sched says no with."""


class Refused(Exception):
    """Something that a person asked for and may not have, with a sentence that says why.

    The message is English and marked for translation by its place: the first argument. Values are
    put into it by name, after it has been translated: `Refused("No more than %(most)d.", most=9)`.
    """

    def __init__(self, message: str, *, field: str | None = None, **values: object) -> None:
        """Refuse; `field` names the form's field that the sentence belongs beside."""
        super().__init__(message % values if values else message)
        self.message = message
        self.field = field
        self.values = values
