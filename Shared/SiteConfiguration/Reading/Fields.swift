internal import JSON
internal import Primitives

/// Reads the members of one object, and so describes them: name, range, default and meaning stand in the calls and nowhere else. The checker, the
/// JSON Schema and the manual page are made of the same calls.
///
/// Nothing is thrown. A member that does not fit becomes a mistake, something that fits takes its place, and the rest is read as well.
public final class Fields {
    let path: String
    let reading: Reading
    let object: JSONObject
    private var names: [String] = []
    private(set) var described: [SiteField] = []
    private(set) var rules: [JSONValue] = []
    /// The members that choose a driver, with the one chosen: what that needs to know stands in the object of the member.
    private var chosen: [(name: String, driver: SiteDriver)] = []

    init(_ object: JSONObject, at path: String, _ reading: Reading) {
        self.object = object
        self.path = path
        self.reading = reading
    }

    // MARK: - Values

    /// A whole number. Required when there is no default.
    public func integer(
        _ name: String,
        _ range: ClosedRange<Int>,
        default fallback: Int? = nil,
        unit: String? = nil,
        _ about: String
    ) -> Int {
        let standard = fallback.map { JSONValue.number(JSONNumber($0)) }
        let value = member(name, .integer(range), fallback == nil, standard, unit, about)
        guard let value else { return fallback ?? range.lowerBound }
        if let number = value.asInt, range.contains(number) { return number }
        // A whole number of any size is out of range; anything else is none.
        let isWhole = value.asNumber?.text.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) } ?? false
        let expected = isWhole ? "\(range.lowerBound)…\(range.upperBound)" : "an integer"
        note(name, "expected \(expected), found \(value.excerpt)")
        return fallback ?? range.lowerBound
    }

    /// A whole number where nothing takes its place.
    public func optionalInteger(_ name: String, _ range: ClosedRange<Int>, unit: String? = nil, _ about: String) -> Int?
    {
        guard let value = member(name, .integer(range), false, nil, unit, about) else { return nil }
        if let number = value.asInt, range.contains(number) { return number }
        note(name, "expected \(range.lowerBound)…\(range.upperBound), found \(value.excerpt)")
        return nil
    }

    /// One of a few whole numbers. Required.
    public func number(_ name: String, of numbers: [Int], _ about: String) -> Int {
        let first = numbers.first ?? 0
        guard let value = member(name, .number(numbers), true, nil, nil, about) else { return first }
        if let number = value.asInt, numbers.contains(number) { return number }
        let words = numbers.map(String.init).joined(separator: " or ")
        note(name, "expected \(value.asNumber == nil ? "an integer" : words), found \(value.excerpt)")
        return first
    }

    /// `true` or `false`.
    public func truth(_ name: String, default fallback: Bool, _ about: String) -> Bool {
        guard let value = member(name, .truth, false, .bool(fallback), nil, about) else { return fallback }
        if let truth = value.asBool { return truth }
        note(name, "expected true or false, found \(value.excerpt)")
        return fallback
    }

    /// Required when there is no default. Lengths are in Unicode scalars; control characters are refused.
    public func text(
        _ name: String,
        _ length: ClosedRange<Int>,
        default fallback: String? = nil,
        form: TextForm = .any,
        _ about: String
    ) -> String {
        let shape = SiteShape.text(length, pattern: form.pattern)
        let value = member(name, shape, fallback == nil, fallback.map(JSONValue.string), nil, about)
        return value.flatMap { checkedText(name, $0, length, form) } ?? fallback ?? ""
    }

    /// The same where nothing takes its place.
    public func optionalText(
        _ name: String,
        _ length: ClosedRange<Int>,
        form: TextForm = .any,
        _ about: String
    ) -> String? {
        let value = member(name, .text(length, pattern: form.pattern), false, nil, nil, about)
        return value.flatMap { checkedText(name, $0, length, form) }
    }

    private func checkedText(_ name: String, _ value: JSONValue, _ length: ClosedRange<Int>, _ form: TextForm)
        -> String?
    {
        guard let text = value.asString else {
            note(name, "expected a text" + (form.isSecret ? "" : ", found \(value.excerpt)"))
            return nil
        }
        let count = text.unicodeScalars.count
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            note(name, "expected a text without control characters")
        } else if let problem = length.contains(count) || form.isSecret ? form.problem(text) : nil {
            note(name, problem + (form.hides(text) ? "" : ", found \(value.excerpt)"))
        } else if !length.contains(count) {
            note(name, "expected \(length.lowerBound)…\(length.upperBound) characters, found \(count)")
        } else {
            return text
        }
        return nil
    }

    /// One of the cases of an enum. Required when there is no default.
    func choice<Choice: SiteChoice>(_ name: String, default fallback: Choice? = nil, _ about: String) -> Choice {
        let words = Choice.allCases.map { SiteWord($0.rawValue, $0.about) }
        let value = member(name, .word(words), fallback == nil, fallback.map { .string($0.rawValue) }, nil, about)
        guard let first = fallback ?? Choice.allCases.first else { preconditionFailure("An enum of words has some.") }
        guard let value else { return first }
        if let choice = value.asString.flatMap(Choice.init(rawValue:)) { return choice }
        note(name, Self.problem(value, words.map(\.word)))
        return first
    }

    /// A list of integers in `range`, with a 0 for each that is none; nil when it is absent.
    func integers(_ name: String, _ range: ClosedRange<Int>, most: Int, _ about: String) -> [Int]? {
        elements(name, .integer(range), 0...most, about)?.enumerated().map { index, value in
            if let number = value.asInt, range.contains(number) { return number }
            let expected = value.asInt == nil ? "an integer" : "\(range.lowerBound)…\(range.upperBound)"
            note("\(name)[\(index)]", "expected \(expected), found \(value.excerpt)")
            return 0
        }
    }

    /// A list of these words, each as often as one likes; nil when it is absent.
    func words(_ name: String, of words: [SiteWord], most: Int, _ about: String) -> [String]? {
        elements(name, .word(words), 0...most, about)?.enumerated().compactMap { index, value in
            if let word = value.asString, words.contains(where: { $0.word == word }) { return word }
            note("\(name)[\(index)]", Self.problem(value, words.map(\.word)))
            return nil
        }
    }

    // MARK: - Objects

    /// A section, or a part of one. Absent, it is what an empty one is, unless it is required.
    func object<T: SiteReadable>(_ name: String, required: Bool = false, _ about: String) -> T {
        optionalObject(name, required: required, about) ?? T.placeholder
    }

    /// The same, nil where it is absent, or no object at all.
    func optionalObject<T: SiteReadable>(_ name: String, required: Bool = false, _ about: String) -> T? {
        let shape = reading.isDescribing ? T.shape : .keys
        guard let value = member(name, shape, required, nil, nil, about) else { return nil }
        return read(value, at: place(name))
    }

    /// A list of objects; nil when it is absent.
    func objects<T: SiteReadable>(
        _ name: String,
        _ count: ClosedRange<Int>,
        required: Bool = false,
        _ about: String
    ) -> [T]? {
        let shape = reading.isDescribing ? T.shape : .keys
        return elements(name, shape, count, required: required, about)?.enumerated().map { index, value in
            read(value, at: "\(place(name))[\(index)]") ?? T.placeholder
        }
    }

    private func read<T: SiteReadable>(_ value: JSONValue, at path: String) -> T? {
        guard let object = value.asObject else {
            reading.note(path, "expected an object, found \(value.excerpt)")
            return nil
        }
        let fields = Fields(object, at: path, reading)
        let result = T(fields)
        fields.end()
        return result
    }

    /// A device that has to be there.
    func device(_ name: String, _ device: SiteDevice, _ about: String) -> DriverChoice {
        choose(name, SiteDriver.drivers(of: device), default: nil, about)
    }

    /// A device that need not be there: `"none"`, or no member of that name.
    func optionalDevice(_ name: String, _ device: SiteDevice, _ about: String) -> DriverChoice? {
        let none = SiteDriver.none.name
        let choice = choose(name, SiteDriver.drivers(of: device, orNone: true), default: .string(none), about)
        return choice.driver == none ? nil : choice
    }

    /// What keeps an uplink up.
    func uplink(_ name: String, _ about: String) -> DriverChoice {
        choose(name, .uplinks, default: nil, about)
    }

    private func choose(_ name: String, _ drivers: [SiteDriver], default fallback: JSONValue?, _ about: String)
        -> DriverChoice
    {
        let value = member(name, .device(drivers), fallback == nil, fallback, nil, about) ?? fallback
        let choice = DriverChoice(value ?? "", drivers, at: place(name), value == nil ? nil : reading)
        if let driver = drivers.first(where: { $0.name == choice.driver }) { chosen.append((name, driver)) }
        return choice
    }

    /// Defaults of OCPP keys, as OCPP writes them.
    func keys(_ name: String, _ about: String) -> [String: String] {
        guard let value = member(name, .keys, false, nil, nil, about) else { return [:] }
        guard let object = value.asObject else {
            note(name, "expected an object, found \(value.excerpt)")
            return [:]
        }
        var texts: [String: String] = [:]
        for member in object.members {
            switch member.value {
            case .string(let text): texts[member.key] = text
            case .number(let number): texts[member.key] = number.text
            case .bool(let flag): texts[member.key] = flag ? "true" : "false"
            case .null, .array, .object:
                note("\(name).\(member.key)", "expected a text, a number, true or false")
            }
        }
        return texts
    }

    // MARK: - Mistakes

    /// Whether the file has the member.
    func has(_ name: String) -> Bool { object[name] != nil }

    /// What the file has there, whatever it is.
    func member(_ name: String) -> JSONValue? { object[name] }

    /// Says that a member of this name is known.
    func expect(_ name: String) { names.append(name) }

    /// Says that a member is wrong for a reason that its own call cannot see.
    public func note(_ name: String, _ problem: String) { reading.note(place(name), problem) }

    /// Whether what was read of a member is what the file says.
    public func isRight(_ name: String) -> Bool { reading.isRight(place(name)) }

    /// A condition between members that a JSON Schema can say. The code beside it checks the same.
    func rule(_ fragment: @autoclosure () -> JSONValue) {
        if reading.isDescribing { rules.append(fragment()) }
    }

    /// Says what the object has that nobody asked for.
    func end(_ kind: String = "key") {
        guard reading.unknownKeys == .refused else { return }
        for key in object.keys where !names.contains(key) {
            // What is only counted need not be compared with every name: a file of another kind has thousands of keys.
            if !reading.isFull, let choice = chosen.first(where: { $0.driver.knows(key) }) {
                let driver = JSONValue.string(choice.driver.name).excerpt
                note(key, "belongs to \"\(choice.name)\": {\"driver\": \(driver), \"\(key)\": …}")
                continue
            }
            let nearest = reading.isFull ? nil : NearestName.of(key, in: names)
            let known = names.isEmpty ? "none is known here" : "known are \(names.joined(separator: ", "))"
            note(key, "unknown \(kind); " + (nearest.map { "did you mean \"\($0)\"?" } ?? known))
        }
    }

    // MARK: - Members

    /// What the file has there; nil, and a mistake if it is required, when it has nothing.
    private func member(
        _ name: String,
        _ shape: @autoclosure () -> SiteShape,
        _ isRequired: Bool,
        _ fallback: @autoclosure () -> JSONValue?,
        _ unit: String?,
        _ about: String
    ) -> JSONValue? {
        names.append(name)
        if reading.isDescribing {
            described.append(
                SiteField(
                    name: name,
                    shape: shape(),
                    isRequired: isRequired,
                    fallback: fallback(),
                    unit: unit,
                    about: about
                )
            )
        }
        let value = object[name]
        if value == nil, isRequired { note(name, "required, but missing") }
        return value
    }

    /// What the file has there, whatever it is; nil when it is absent, and may be.
    func optionalMember(_ name: String, _ shape: @autoclosure () -> SiteShape, _ about: String) -> JSONValue? {
        member(name, shape(), false, nil, nil, about)
    }

    private func elements(
        _ name: String,
        _ shape: SiteShape,
        _ count: ClosedRange<Int>,
        required: Bool = false,
        _ about: String
    ) -> [JSONValue]? {
        guard let value = member(name, .list(of: shape, count: count), required, nil, nil, about) else { return nil }
        guard let elements = value.asArray else {
            note(name, "expected a list, found \(value.excerpt)")
            return nil
        }
        if !count.contains(elements.count) {
            note(name, "expected a list of \(count.lowerBound)…\(count.upperBound), found \(elements.count)")
        }
        return Array(elements.prefix(count.upperBound))
    }

    private func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// What is wrong with a value that should have been one of `words`.
    static func problem(_ value: JSONValue, _ words: [String]) -> String {
        let expected = words.map { "\"\($0)\"" }.joined(separator: " or ")
        let nearest = value.asString.flatMap { NearestName.of($0, in: words) }
        return "expected \(expected), found \(value.excerpt)" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
    }
}
