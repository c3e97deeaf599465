"""Holds an answer against its schema in an OpenAPI 3.1 document: the part of JSON Schema that the document uses."""


class Mismatch(AssertionError):
    pass


TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool) or isinstance(value, float) and value.is_integer(),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "null": lambda value: value is None,
}


class Schemas:
    def __init__(self, document):
        self.document = document

    def answer_schema(self, path, method, status):
        """The JSON schema that the document promises, or None."""
        answers = self.document["paths"][path][method.lower()]["responses"]
        answer = answers.get(str(status)) or answers.get("default")
        if answer is None:
            raise Mismatch(f"{method} {path} has no answer {status} in the document")
        content = self.resolve(answer).get("content", {})
        for kind, media in content.items():
            if kind.endswith("json"):
                return media.get("schema")
        return None

    def resolve(self, schema):
        while isinstance(schema, dict) and "$ref" in schema:
            target = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            schema = target
        return schema

    def check(self, value, schema, where="answer"):
        schema = self.resolve(schema)
        if schema is True or schema == {}:
            return
        self._check_choices(value, schema, where)
        self._check_type(value, schema, where)
        if isinstance(value, dict):
            self._check_object(value, schema, where)
        if isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                self.check(item, schema["items"], f"{where}[{index}]")

    def _check_choices(self, value, schema, where):
        if "enum" in schema and value not in schema["enum"]:
            raise Mismatch(f"{where}: {value!r} is none of {schema['enum']}")
        for part in schema.get("allOf", []):
            self.check(value, part, where)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema and not any(self._fits(value, part) for part in schema[keyword]):
                raise Mismatch(f"{where}: {value!r} fits none of {schema[keyword]}")

    def _fits(self, value, schema):
        try:
            self.check(value, schema)
            return True
        except Mismatch:
            return False

    def _check_type(self, value, schema, where):
        kinds = schema.get("type")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(TYPES[kind](value) for kind in kinds):
            raise Mismatch(f"{where}: {value!r} is not of type {kinds}")

    def _check_object(self, value, schema, where):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                raise Mismatch(f"{where}: '{name}' is missing")
        for name, member in value.items():
            if name in properties:
                self.check(member, properties[name], f"{where}.{name}")
            elif properties and schema.get("additionalProperties", False) is False:
                raise Mismatch(f"{where}: '{name}' is not in the document")
            elif isinstance(schema.get("additionalProperties"), dict):
                self.check(member, schema["additionalProperties"], f"{where}.{name}")
