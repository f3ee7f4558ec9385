"""Errors as the API describes them."""

from marshmallow import INCLUDE, Schema, fields

from web.schemas.jobs import BrokenRuleSchema
from web.schemas.units import by_key, choice, count, parts, text, texts, whole


class ProblemSchema(Schema):
    """An error (RFC 9457)."""

    class Meta:
        """A problem may hold more members, as the RFC allows."""

        unknown = INCLUDE

    type = text("A URI that names the kind of problem, else `about:blank`")
    title = text("The HTTP status in words")
    status = whole("The HTTP status")
    detail = text("What is wrong and what would be right, in a sentence or two")
    errors = by_key(
        "field of the request, such as `drivers.3.salary`",
        fields.List(fields.String()),
        "What is wrong with the request, the first 20 fields",
        only="where the request, or what it asks for, cannot be used",
    )
    limits = texts(
        "The rules and limits in conflict, as the request names them",
        only="where no lineups obey them together",
    )
    conflict = parts(
        BrokenRuleSchema,
        "The same rules and limits, each in its parts",
        only="where no lineups obey them together",
    )
    largest = count(
        "The largest number of lineups known to be possible",
        null="where it is not known",
        only="where no lineups obey the limits together",
    )
    missing = texts("What is missing: `redis`, `workers`", only="where the server is not ready")
    run_id = text("Id of the job", only="where a job has no result")
    job_status = choice(
        "How the job ended", ["failed", "cancelled"], only="where a job has no result"
    )
