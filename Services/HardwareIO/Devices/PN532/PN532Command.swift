/// What is asked of a PN532 (NXP UM0701-02 §7), and how its answers are read.
enum PN532Command: Equatable {
    /// SAMConfiguration, normal mode: the chip reads cards by itself. Preceded by what wakes it from power-down.
    case wake
    /// GetFirmwareVersion; also the question whether it is still there.
    case firmware
    /// Diagnose, communication line: it must say the same.
    case echo
    /// RFConfiguration, retries: how long a scan goes on without a card.
    case retries(endless: Bool)
    /// InListPassiveTarget: one card, 106 kbit/s type A. With endless retries it is answered when a card comes.
    case scan
    /// RFConfiguration, field off: a card in it begins anew with the next scan, which switches the field on again.
    case fieldOff

    static let echoed: [UInt8] = Array("card reader".utf8)

    var bytes: [UInt8] {
        switch self {
        case .wake: Self.wakeUp + PN532Frame.command([0x14, 0x01])
        case .firmware: PN532Frame.command([0x02])
        case .echo: PN532Frame.command([0x00, 0x00] + Self.echoed)
        case .retries(let endless): PN532Frame.command([0x32, 0x05, 0xFF, 0x01, endless ? 0xFF : 0x01])
        case .scan: PN532Frame.command([0x4A, 0x01, 0x00])
        case .fieldOff: PN532Frame.command([0x32, 0x01, 0x00])
        }
    }

    /// The code that its answer begins with.
    var answerCode: UInt8 {
        switch self {
        case .wake: 0x15
        case .firmware: 0x03
        case .echo: 0x01
        case .retries, .fieldOff: 0x33
        case .scan: 0x4B
        }
    }

    /// For people.
    var name: String {
        switch self {
        case .wake: "SAMConfiguration"
        case .firmware: "GetFirmwareVersion"
        case .echo: "Diagnose"
        case .retries, .fieldOff: "RFConfiguration"
        case .scan: "InListPassiveTarget"
        }
    }

    /// The chip is woken by edges on its line, and needs some time after the first.
    private static let wakeUp: [UInt8] = [0x55, 0x55] + [UInt8](repeating: 0x00, count: 14)
}

/// What InListPassiveTarget found.
enum PN532Target: Equatable {
    case none
    /// 4, 7 or 10 bytes.
    case card(uid: [UInt8])
    /// The answer contradicts itself.
    case malformed

    /// - Parameter body: Behind the code: `NbTg Tg SENS_RES(2) SEL_RES NFCIDLength NFCID1… [ATSLength ATS…]`.
    init(_ body: some Collection<UInt8>) {
        let body = Array(body)
        guard let count = body.first else {
            self = .malformed
            return
        }
        guard count > 0 else {
            self = .none
            return
        }
        guard count == 1, body.count > 6 else {
            self = .malformed
            return
        }
        let length = Int(body[5])
        let uid = Array(body.dropFirst(6).prefix(length))
        // The chip takes the cascade tag away; where it stands first, the UID was not put together.
        guard [4, 7, 10].contains(length), uid.count == length, uid[0] != 0x88 else {
            self = .malformed
            return
        }
        self = .card(uid: uid)
    }
}
