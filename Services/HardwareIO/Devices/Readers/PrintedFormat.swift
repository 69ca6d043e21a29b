/// How a reader that prints by itself writes the number of a card, as data: a new reader of this kind needs a value of this type.
public struct PrintedFormat: Equatable, Sendable {
    /// What its characters mean.
    public enum Content: Equatable, Sendable {
        /// Hexadecimal digits, two for each byte of the UID; with byte order and notation of the idTag as configured.
        case hexadecimal
        /// Ten hexadecimal digits and two of a checksum, the XOR of the five bytes (EM4100 fobs, 125 kHz). The first byte is the version or
        /// customer; what is printed on a fob in decimal is the other four.
        case checked(withCustomerByte: Bool)
        /// An idTag as it is. Only these characters may occur.
        case text(Characters)
    }

    public enum Characters: String, Equatable, Sendable, CaseIterable {
        case digits
        case hexadecimal
        case alphanumeric
        /// 21…7E, what has ink in ASCII.
        case printable

        func allows(_ character: UInt8) -> Bool {
            switch (self, character) {
            case (_, 0x30...0x39): true
            case (.digits, _): false
            case (_, 0x41...0x46), (_, 0x61...0x66): true
            case (.hexadecimal, _): false
            case (_, 0x41...0x5A), (_, 0x61...0x7A): true
            case (.alphanumeric, _): false
            case (.printable, _): (0x21...0x7E).contains(character)
            }
        }
    }

    /// The byte that a frame begins with; nil for lines, which begin where the one before ended.
    public var start: UInt8?
    /// Any of these ends a frame. Empty where only silence does.
    public var terminators: [UInt8]
    /// Whether silence of `gap` ends a frame; else it ends one that is not complete, which is thrown away.
    public var endsWithSilence: Bool
    /// Longest time from one character to the next.
    public var gap: Duration
    /// Expected before the number, and taken away; what comes without it is not for us.
    public var prefix: String
    public var content: Content

    public init(
        start: UInt8? = nil,
        terminators: [UInt8] = [0x0D, 0x0A],
        endsWithSilence: Bool = false,
        gap: Duration = .milliseconds(200),
        prefix: String = "",
        content: Content
    ) {
        self.start = start
        self.terminators = terminators
        self.endsWithSilence = endsWithSilence
        self.gap = gap
        self.prefix = prefix
        self.content = content
    }

    /// RDM6300, ID-12, ID-20 (125 kHz, 9600 8N1): `02`, ten digits, two of the checksum, `03`; ID-12 puts CR LF before `03`.
    public static func rdm6300(withCustomerByte: Bool = true) -> PrintedFormat {
        PrintedFormat(start: 0x02, terminators: [0x03], content: .checked(withCustomerByte: withCustomerByte))
    }

    /// Elatec TWN4 and others as they leave the factory, on a virtual serial port: digits of the UID, then CR.
    public static let twn4 = PrintedFormat(content: .hexadecimal)

    /// Longest frame that is kept, without start and terminator; what is longer is no card.
    static let longest = 40
}
