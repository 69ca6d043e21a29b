import OCPP

/// How far a Reset is (OCPP 1.6 §5.14), so that a program that dies in the middle of it goes on with it.
struct ResetDocument: Document {
    static let name = "reset"
    static let magic = "ocpp-reset"
    static let formatVersion: UInt16 = 1
    /// The one before says that a reset is under way which may be over.
    static let keepsPrevious = false

    struct Progress: Codable, Equatable, Sendable {
        var type: ResetType
        /// From 1.
        var attempt: Int
        /// The kernel's boot id: another one means that the machine was restarted.
        var boot: String
        /// The newest message when it was begun: a transaction that begins later shows that it was over. Nil in files of a version that did
        /// not keep it.
        var sequence: Int64?

        init(type: ResetType, attempt: Int, boot: String, sequence: Int64? = nil) {
            self.type = type
            self.attempt = attempt
            self.boot = boot
            self.sequence = sequence
        }

        private enum CodingKeys: String, CodingKey { case type, attempt, boot, sequence }

        /// - Throws: `DecodingError`.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            type = try container.decode(ResetType.self, forKey: .type)
            // `ResetRetries` is at most 100.
            attempt = min(max(try container.decode(Int.self, forKey: .attempt), 1), 1000)
            boot = try container.decode(String.self, forKey: .boot)
            sequence = try container.decodeIfPresent(Int64.self, forKey: .sequence)
        }
    }

    /// Nil when none is under way.
    var underWay: Progress?
}
