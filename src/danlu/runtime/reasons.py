"""Why something was chosen: a message whose numbers are known already, kept in both languages."""

from danlu.core.language import Text, say_in


def filled(text: Text, /, **values: object) -> Text:
    """`text` with its placeholders filled in both languages, for reasons that are kept and shown later."""
    return text._replace(en=say_in("en", text, **values), zh=say_in("zh", text, **values))
