/// A value that is no container, read through the decoder itself.
extension TreeDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool {
        guard case .null = value else { return false }
        return true
    }

    func decode(_ type: Bool.Type) throws -> Bool { try bool(value, at: nil) }
    func decode(_ type: String.Type) throws -> String { try text(value, at: nil) }
    func decode(_ type: Double.Type) throws -> Double { try number(value, at: nil) }
    func decode(_ type: Float.Type) throws -> Float { try number(value, at: nil) }
    func decode(_ type: Int.Type) throws -> Int { try integer(value, at: nil) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(value, at: nil) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(value, at: nil) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(value, at: nil) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(value, at: nil) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(value, at: nil) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(value, at: nil) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(value, at: nil) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(value, at: nil) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(value, at: nil) }

    func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: self) }
}
