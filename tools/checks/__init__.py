"""The rules of the house that no compiler knows. Each module has `check(tree) -> list[Finding]`."""
