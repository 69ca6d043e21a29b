/// Conversions of single values. The `step` names the value below this node; nil is the node itself.
extension TreeDecoder {
    func bool(_ value: JSONValue, at step: PathStep?) throws(DecodingError) -> Bool {
        guard case .bool(let result) = value else { throw mismatch(Bool.self, "true or false", value, step) }
        return result
    }

    func text(_ value: JSONValue, at step: PathStep?) throws(DecodingError) -> String {
        guard case .string(let result) = value else { throw mismatch(String.self, "a text", value, step) }
        return result
    }

    func number<F: BinaryFloatingPoint & LosslessStringConvertible>(
        _ value: JSONValue,
        at step: PathStep?
    ) throws(DecodingError) -> F {
        guard case .number(let number) = value else { throw mismatch(F.self, "a number", value, step) }
        guard let result = F(number.text), result.isFinite else {
            throw corrupted("expected a number within range, found \(value.excerpt)", step)
        }
        return result
    }

    func integer<I: FixedWidthInteger>(_ value: JSONValue, at step: PathStep?) throws(DecodingError) -> I {
        guard case .number(let number) = value else { throw mismatch(I.self, "an integer", value, step) }
        switch number.integer(as: I.self) {
        case .value(let result):
            return result
        case .notAnInteger:
            throw mismatch(I.self, "an integer", value, step)
        case .outOfRange:
            throw corrupted("expected an integer from \(I.min) to \(I.max), found \(value.excerpt)", step)
        }
    }

    func mismatch(_ type: Any.Type, _ expected: String, _ found: JSONValue, _ step: PathStep?) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: path(step),
            debugDescription: "expected \(expected), found \(found.excerpt)"
        )
        if case .null = found { return .valueNotFound(type, context) }
        return .typeMismatch(type, context)
    }

    private func corrupted(_ problem: String, _ step: PathStep?) -> DecodingError {
        .dataCorrupted(.init(codingPath: path(step), debugDescription: problem))
    }

    private func path(_ step: PathStep?) -> [any CodingKey] { step.map { codingPath + [$0] } ?? codingPath }
}
