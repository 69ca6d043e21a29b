public import JSON

/// The JSON Schema (draft 2020-12) of the site's file, made of what is asked for when the file is read.
///
/// It accepts what the checker accepts. What compares values with each other it cannot say (ids that are there twice, a reader of a connector
/// that does not exist, a pause above the longest one), nor the range of a number that an OCPP key has as a text.
public enum SiteSchema {
    /// The whole schema.
    /// - Parameter keys: Fields of the section `ocpp`, from the owner of the keys.
    /// - Returns: Members in the order of the file's table.
    public static func document(keys: [SiteField]) -> JSONValue {
        var document = JSONObject()
        document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        document["title"] = "charger.json: factory and site settings of a charger"
        let root = object(SiteFile.fields, rules: [noSimulation], keys: keys).asObject ?? JSONObject()
        for member in root.members { document[member.key] = member.value }
        if var properties = document["properties"]?.asObject {
            // By which an editor finds this schema.
            properties["$schema"] = ["type": "string"]
            document["properties"] = .object(properties)
        }
        document["$defs"] = ["real": ["not": ["enum": ["simulated", ["driver": "simulated"]]]]]
        return .object(document)
    }

    /// Devices are simulated only where that is allowed.
    private static var noSimulation: JSONValue {
        let real: JSONValue = ["$ref": "#/$defs/real"]
        var devices = JSONObject()
        for device in SiteDevice.allCases where device != .reader { devices[device.rawValue] = real }
        return [
            "if": ["not": ["properties": ["allowSimulation": ["const": true]], "required": ["allowSimulation"]]],
            "then": [
                "properties": [
                    "connectors": ["items": ["properties": .object(devices)]],
                    "mainMeter": ["properties": ["meter": real]],
                    "readers": ["items": ["properties": ["driver": real]]],
                    "uplinks": ["items": ["properties": ["driver": real]]],
                ]
            ],
        ]
    }

    private static func object(_ fields: [SiteField], rules: [JSONValue], keys: [SiteField] = []) -> JSONValue {
        object(fields.map { ($0, schema($0, keys: keys)) }, rules: rules)
    }

    private static func object(_ members: [(field: SiteField, schema: JSONValue)], rules: [JSONValue]) -> JSONValue {
        var properties = JSONObject()
        for member in members { properties[member.field.name] = member.schema }
        var schema: JSONObject = JSONObject()
        schema["type"] = "object"
        schema["properties"] = .object(properties)
        let required = members.filter(\.field.isRequired).map { JSONValue.string($0.field.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        schema["additionalProperties"] = false
        if !rules.isEmpty { schema["allOf"] = .array(rules) }
        return .object(schema)
    }

    private static func schema(_ field: SiteField, keys: [SiteField]) -> JSONValue {
        var schema = schema(field.shape, keys: keys).asObject ?? JSONObject()
        schema["description"] = .string(field.about + (field.unit.map { " Unit: \($0)." } ?? ""))
        if let fallback = field.fallback { schema["default"] = fallback }
        return .object(schema)
    }

    private static func schema(_ shape: SiteShape, keys: [SiteField]) -> JSONValue {
        switch shape {
        case .truth: ["type": "boolean"]
        case .integer(let range): integer(range)
        case .number(let numbers): ["enum": .array(numbers.map { .number(JSONNumber($0)) })]
        case .text(let length, let pattern): text(length, pattern)
        case .word(let words): ["enum": .array(words.map { .string($0.word) })]
        case .list(let element, let count):
            [
                "type": "array", "items": schema(element, keys: keys),
                "minItems": .number(JSONNumber(count.lowerBound)),
                "maxItems": .number(JSONNumber(count.upperBound)),
            ]
        case .object(let fields, let rules): object(fields, rules: rules)
        case .device(let drivers): ["anyOf": .array(drivers.flatMap(device))]
        case .keys: object(keys.map { ($0, key($0)) }, rules: [])
        }
    }

    private static func integer(_ range: ClosedRange<Int>) -> JSONValue {
        [
            "type": "integer", "minimum": .number(JSONNumber(range.lowerBound)),
            "maximum": .number(JSONNumber(range.upperBound)),
        ]
    }

    private static func text(_ length: ClosedRange<Int>, _ pattern: String?) -> JSONValue {
        var schema = JSONObject()
        schema["type"] = "string"
        schema["minLength"] = .number(JSONNumber(length.lowerBound))
        schema["maxLength"] = .number(JSONNumber(length.upperBound))
        if let pattern { schema["pattern"] = .string(pattern) }
        schema["not"] = ["pattern": "[\\u0000-\\u001f\\u007f]"]
        return .object(schema)
    }

    /// Its name alone when it needs to know nothing, or an object with its settings.
    private static func device(_ driver: SiteDriver) -> [JSONValue] {
        guard case .object(let settings, let rules) = driver.shape() else { return [] }
        let word = SiteWord(driver.name, driver.about)
        let name = SiteField(name: "driver", shape: .word([word]), isRequired: true, about: driver.about)
        let withSettings = object([name] + settings, rules: rules)
        return settings.contains(where: \.isRequired)
            ? [withSettings] : [["const": .string(driver.name)], withSettings]
    }

    /// A default of an OCPP key may also stand there as the text that OCPP would write.
    private static func key(_ field: SiteField) -> JSONValue {
        let pattern: String
        switch field.shape {
        case .truth: pattern = "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"
        case .integer: pattern = "^[0-9]+$"
        default: return schema(field, keys: [])
        }
        var either = JSONObject()
        either["anyOf"] = [schema(field.shape, keys: []), text(1...500, pattern)]
        either["description"] = schema(field, keys: [])["description"]
        if let fallback = field.fallback { either["default"] = fallback }
        return .object(either)
    }
}
