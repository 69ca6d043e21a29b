/// The bytes written so far, and the containers that are open. Containers are values that refer to this.
///
/// Nothing closes a container explicitly: it is finished when its parent is written to again, or the value ends.
final class StreamWriter {
    /// In one value, because each access to a property of a class is watched by the runtime, and a member of a message takes a dozen.
    private var text = StreamText()

    var bytes: [UInt8] { text.bytes }

    /// Writes a whole value, of any type, at the place that the caller prepared.
    func write(_ value: some Encodable) throws {
        let (depth, start) = text.place
        try value.encode(to: StreamEncoder(writer: self, depth: depth))
        text.finish(depth: depth, start: start)
    }

    /// The container that the value at `depth` is written into, opened unless the value opened it before.
    func container(isObject: Bool, depth: Int) -> StreamContainer {
        StreamContainer(writer: self, level: depth, serial: text.open(isObject: isObject, depth: depth))
    }

    func beginMember(_ key: String, in container: StreamContainer) {
        text.beginMember(key, level: container.level, serial: container.serial)
    }

    func beginItem(in container: StreamContainer) {
        text.beginItem(level: container.level, serial: container.serial)
    }

    func count(of container: StreamContainer) -> Int { text.count(at: container.level) }

    func write(text value: String) { text.append(quoted: value) }

    func write(verbatim value: String) { text.append(verbatim: value) }

    func write(tree: JSONValue) {
        guard case .string(let value) = tree else { return text.append(JSON.write(tree)) }
        text.append(quoted: value)
    }

    /// - Throws: `EncodingError.invalidValue` for what is no number.
    func write(number: Double, as words: String) throws {
        guard number.isFinite else {
            throw EncodingError.invalidValue(
                number,
                .init(codingPath: codingPath(depth: text.place.depth), debugDescription: "JSON has no \(number)")
            )
        }
        text.append(verbatim: words)
    }

    func codingPath(depth: Int) -> [any CodingKey] { text.path(depth: depth) }
}

/// What a `StreamWriter` has written.
private struct StreamText {
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

    /// Where the next value begins: the containers around it, and the bytes before it.
    var place: (depth: Int, start: Int) { (levels.count, bytes.count) }

    /// The value that began there is written.
    mutating func finish(depth: Int, start: Int) {
        close(to: depth)
        // A type without anything to say, such as an empty struct, is an object without members.
        if bytes.count == start { bytes.append(contentsOf: "{}".utf8) }
    }

    /// - Returns: The serial of the container at `depth`.
    mutating func open(isObject: Bool, depth: Int) -> Int {
        if levels.count > depth {
            let level = levels[depth]
            precondition(level.isObject == isObject, "A value cannot be both a list and an object.")
            return level.serial
        }
        lastSerial += 1
        levels.append(Level(serial: lastSerial, isObject: isObject))
        bytes.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
        return lastSerial
    }

    mutating func beginMember(_ key: String, level: Int, serial: Int) {
        beginItem(level: level, serial: serial)
        levels[level].key = key
        bytes.appendJSON(key)
        bytes.append(UInt8(ascii: ":"))
    }

    mutating func beginItem(level: Int, serial: Int) {
        close(to: level + 1)
        precondition(
            levels.count == level + 1 && levels[level].serial == serial,
            "A nested container was written to after its parent had gone on."
        )
        if levels[level].count > 0 { bytes.append(UInt8(ascii: ",")) }
        levels[level].count += 1
    }

    func count(at level: Int) -> Int { levels[level].count }

    mutating func append(quoted value: String) { bytes.appendJSON(value) }

    mutating func append(verbatim value: String) { bytes.append(contentsOf: value.utf8) }

    mutating func append(_ json: [UInt8]) { bytes.append(contentsOf: json) }

    func path(depth: Int) -> [any CodingKey] {
        levels.prefix(depth).map { $0.isObject ? PathStep.name($0.key) : PathStep.index($0.count - 1) }
    }

    private mutating func close(to depth: Int) {
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
