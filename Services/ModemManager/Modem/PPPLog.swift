/// What `pppd` writes of a call, cut anywhere: which name servers the network named. Without `usepeerdns` it names none.
struct PPPLog: Equatable, Sendable {
    /// Longer lines are no names of servers.
    private static let longestLine = 200
    private static let words = ["primary   DNS address ", "secondary DNS address "]

    private var line: [UInt8] = []
    /// In digits, the first one first.
    private(set) var nameServers: [String] = []

    mutating func take(_ bytes: [UInt8]) {
        for byte in bytes {
            if byte == 0x0A {
                read(String(decoding: line, as: UTF8.self))
                line = []
            } else if line.count <= Self.longestLine {
                line.append(byte)
            }
        }
    }

    private mutating func read(_ text: String) {
        for word in Self.words where text.hasPrefix(word) {
            let address = String(text.dropFirst(word.count))
            let isAddress = !address.isEmpty && address.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
            if isAddress, nameServers.count < Self.words.count, !nameServers.contains(address) {
                nameServers.append(address)
            }
        }
    }
}
