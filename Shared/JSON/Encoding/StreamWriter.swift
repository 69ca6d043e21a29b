/// The bytes written so far, and the containers that are open. Containers are values that refer to this.
///
/// Nothing closes a container explicitly: it is finished when its parent is written to again, or the value ends.
final class StreamWriter {
    private(set) var bytes: [UInt8] = []
    private var levels: [Level] = []
    private var lastSerial = 0

    /// One open container.
    private struct Level {
        /// Tells it from an earlier container of the same depth, which must not be written to any more.
        let serial: Int
        let isObject: Bool
        var count = 0
        /// The member being written, for error paths.
        var key = ""
    }

    init() {
        bytes.reserveCapacity(512)
        levels.reserveCapacity(8)
    }

    /// Writes a whole value, of any type, at the place that the caller prepared.
    func write(_ value: some Encodable) throws {
        let depth = levels.count
        let start = bytes.count
        try value.encode(to: StreamEncoder(writer: self, depth: depth))
        close(to: depth)
        // A type without anything to say, such as an empty struct, is an object without members.
        if bytes.count == start { bytes.append(contentsOf: "{}".utf8) }
    }

    /// The container that the value at `depth` is written into, opened unless the value opened it before.
    func container(isObject: Bool, depth: Int) -> StreamContainer {
        if levels.count > depth {
            let level = levels[depth]
            precondition(level.isObject == isObject, "A value cannot be both a list and an object.")
            return StreamContainer(writer: self, level: depth, serial: level.serial)
        }
        lastSerial += 1
        levels.append(Level(serial: lastSerial, isObject: isObject))
        bytes.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
        return StreamContainer(writer: self, level: depth, serial: lastSerial)
    }

    func beginMember(_ key: String, in container: StreamContainer) {
        beginItem(in: container)
        levels[container.level].key = key
        bytes.appendJSON(key)
        bytes.append(UInt8(ascii: ":"))
    }

    func beginItem(in container: StreamContainer) {
        close(to: container.level + 1)
        precondition(
            levels.count == container.level + 1 && levels[container.level].serial == container.serial,
            "A nested container was written to after its parent had gone on."
        )
        if levels[container.level].count > 0 { bytes.append(UInt8(ascii: ",")) }
        levels[container.level].count += 1
    }

    func count(of container: StreamContainer) -> Int { levels[container.level].count }

    func write(text: String) { bytes.appendJSON(text) }

    func write(verbatim text: String) { bytes.append(contentsOf: text.utf8) }

    func write(tree: JSONValue) {
        guard case .string(let text) = tree else {
            bytes.append(contentsOf: JSON.write(tree))
            return
        }
        bytes.appendJSON(text)
    }

    /// - Throws: `EncodingError.invalidValue` for what is no number.
    func write(number: Double, as text: String) throws {
        guard number.isFinite else {
            throw EncodingError.invalidValue(
                number,
                .init(codingPath: codingPath(depth: levels.count), debugDescription: "JSON has no \(number)")
            )
        }
        write(verbatim: text)
    }

    func codingPath(depth: Int) -> [any CodingKey] {
        levels.prefix(depth).map { $0.isObject ? PathStep.name($0.key) : PathStep.index($0.count - 1) }
    }

    private func close(to depth: Int) {
        while levels.count > depth {
            bytes.append(levels.removeLast().isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
        }
    }
}

/// A place in an open container.
struct StreamContainer {
    let writer: StreamWriter
    /// Its position among the open containers.
    let level: Int
    let serial: Int
}
