import BusSchema
import JSON

/// Finds, in a recorded payload, what the schema's rules of evolution speak of, by looking at the Swift value beside it.
enum Shape {
    /// The payload with an unknown member in each of its objects.
    static func withInventedMembers(_ tree: JSONValue) -> JSONValue {
        switch tree {
        case .object(let object):
            var result = JSONObject()
            result["inventedLater"] = ["deep": [1, nil, "x"]]
            for member in object.members { result[member.key] = withInventedMembers(member.value) }
            return .object(result)
        case .array(let elements):
            return .array(elements.map(withInventedMembers))
        case .null, .bool, .number, .string:
            return tree
        }
    }

    /// One payload for each optional property that is present: the payload without it.
    static func withoutOptionals(_ tree: JSONValue, of value: Any) -> [(path: String, payload: JSONValue)] {
        variants(tree, of: value) { property in
            guard Mirror(reflecting: property).displayStyle == .optional else { return nil }
            return .some(nil)
        }
    }

    /// One payload for each open enum: the payload with a value that nobody knows.
    static func withUnknownEnumValues(_ tree: JSONValue, of value: Any) -> [(path: String, payload: JSONValue)] {
        variants(tree, of: value) { property in
            guard unwrapped(property) is any OpenEnum else { return nil }
            return .some("inventedLater")
        }
    }

    /// Walks tree and value together. `change` returns nil to leave a node as it is, else its replacement (nil inside: none).
    private static func variants(
        _ tree: JSONValue,
        of value: Any,
        path: String = "",
        change: (Any) -> JSONValue??
    ) -> [(path: String, payload: JSONValue)] {
        let value = unwrapped(value)
        let children = Mirror(reflecting: value).children
        switch tree {
        case .object(let object):
            return children.flatMap { child -> [(String, JSONValue)] in
                guard let name = child.label, let node = object[name] else { return [] }
                var own: [(String, JSONValue)] = []
                if let replacement = change(child.value) {
                    var changed = object
                    changed[name] = replacement
                    own.append(("\(path).\(name)", .object(changed)))
                }
                return own
                    + variants(node, of: child.value, path: "\(path).\(name)", change: change).map {
                        var changed = object
                        changed[name] = $0.payload
                        return ($0.path, .object(changed))
                    }
            }
        case .array(let elements):
            return zip(elements.indices, children).flatMap { index, child -> [(String, JSONValue)] in
                let replacement = change(child.value)
                let own = [replacement ?? nil].compactMap(\.self)
                return
                    (own.map { ("\(path)[\(index)]", $0) }
                    + variants(elements[index], of: child.value, path: "\(path)[\(index)]", change: change)).map {
                        var changed = elements
                        changed[index] = $0.1
                        return ($0.0, .array(changed))
                    }
            }
        case .null, .bool, .number, .string:
            return []
        }
    }

    private static func unwrapped(_ value: Any) -> Any {
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle == .optional, let wrapped = mirror.children.first?.value else { return value }
        return unwrapped(wrapped)
    }
}
