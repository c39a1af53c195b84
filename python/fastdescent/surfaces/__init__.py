"""The catalog."""
def names() -> list[str]:
    return []
