/// Texts from outside the charger that people will read on a terminal, in a log or in a journal.
extension Unicode.Scalar {
    /// Whether it begins a line, steers a terminal, or turns the direction of what follows, instead of being a sign of its own: controls (C0, DEL, C1),
    /// separators of lines and paragraphs, and the formatting of bidirectional text (Unicode Standard Annex 9).
    public var steersText: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension String {
    /// The text with a space for each run of what would steer a terminal or begin a line.
    public var withoutSteering: String {
        guard unicodeScalars.contains(where: \.steersText) else { return self }
        var clean = UnicodeScalarView()
        var isInside = false
        for scalar in unicodeScalars {
            if !scalar.steersText {
                clean.append(scalar)
            } else if !isInside {
                clean.append(" ")
            }
            isInside = scalar.steersText
        }
        return String(clean)
    }
}
