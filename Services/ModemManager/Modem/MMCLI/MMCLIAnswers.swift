internal import JSON
internal import Primitives

/// What `mmcli -J` prints, as far as it is of interest. Whatever it says is from outside: texts are cut to what somebody may read, numbers to what
/// they may be, and what is missing (`"--"`) is nil.
enum MMCLIAnswers {
    /// Objects of ModemManager that one answer may name: more are left out.
    static let mostObjects = 8
    private static let folder = "/org/freedesktop/ModemManager1/"

    /// `mmcli -L -J`: the paths of the modems; nil where it is no such answer.
    static func modems(_ document: JSONValue) -> [String]? {
        guard let list = document["modem-list"]?.asArray else { return nil }
        return list.prefix(mostObjects).compactMap(path)
    }

    /// A path of an object, which becomes an argument of the next command.
    static func path(_ value: JSONValue?) -> String? {
        guard let text = value?.asString, text.hasPrefix(folder), text.utf8.count <= 100 else { return nil }
        return text
    }
}

/// `mmcli -m … -J`.
struct MMCLIModem: Equatable, Sendable {
    /// The state of the D-Bus interface `org.freedesktop.ModemManager1.Modem`, as mmcli spells it.
    enum State: String, Equatable, Sendable {
        case failed, unknown, initializing, locked, disabled, disabling, enabling, enabled, searching, registered
        case disconnecting, connecting, connected

        /// Whether the SIM is not locked, for certain.
        var isOpen: Bool { ![.failed, .unknown, .initializing, .locked].contains(self) }

        /// Whether a network has taken it.
        var isRegistered: Bool { [.registered, .connecting, .connected, .disconnecting].contains(self) }

        /// Whether a modem that ModemManager has just found begins so. It may be found anew between two looks: by another ModemManager, which
        /// gives the same paths again, and with another card.
        var isOfBeginning: Bool { [.failed, .unknown, .initializing, .disabled].contains(self) }
    }

    var path: String
    var state: State
    var failure: String?
    /// `sim-pin`, `sim-puk` …; nil where nothing is locked.
    var lock: String?
    /// Tries that are left for the PIN; nil where the modem does not say.
    var pinTries: Int?
    var sim: String?
    var bearers: [String]
    var identity: ModemIdentity
    /// Where it hangs: a folder of `/sys`.
    var device: String?
    var signalPercent: Int?
    var network: NetworkReport

    init?(_ document: JSONValue) {
        guard let modem = document["modem"], let generic = modem["generic"],
            let path = MMCLIAnswers.path(modem["dbus-path"])
        else { return nil }
        self.path = path
        // A word that a later version may know is one of a modem that is not ready yet.
        state = generic.text("state").flatMap { State(rawValue: $0) } ?? .unknown
        failure = generic.text("state-failed-reason")
        lock = generic.text("unlock-required")
        pinTries = Self.tries(generic["unlock-retries"]?.asArray ?? [])
        sim = MMCLIAnswers.path(generic["sim"])
        bearers = (generic["bearers"]?.asArray ?? []).prefix(MMCLIAnswers.mostObjects).compactMap(MMCLIAnswers.path)
        let tgpp = modem["3gpp"]
        identity = ModemIdentity(
            manufacturer: generic.text("manufacturer"),
            model: generic.text("model"),
            revision: generic.text("revision"),
            imei: generic.text("equipment-identifier") ?? tgpp?.text("imei")
        )
        device = generic.text("device", 200)
        signalPercent = generic["signal-quality"]?.number("value").map { $0.clamped(to: 0...100) }
        network = NetworkReport()
        network.registration = Registration(mmcli: tgpp?.text("registration-state"))
        network.operatorCode = tgpp?.text("operator-code").flatMap { $0.isMadeOfDigits(5...6) ? $0 : nil }
        network.operatorName = tgpp?.text("operator-name")
        let technologies = generic["access-technologies"]?.asArray ?? []
        network.technology = technologies.compactMap { $0.asString.flatMap(RadioTechnology.init(mmcli:)) }.last
    }

    /// `["sim-pin (3)", "sim-pin2 (3)"]`.
    private static func tries(_ list: [JSONValue]) -> Int? {
        for case .string(let text) in list.prefix(MMCLIAnswers.mostObjects) where text.hasPrefix("sim-pin (") {
            guard text.utf8.count <= 12 else { return nil }
            return UInt8(text.dropFirst(9).prefix { $0 != ")" }).map { Int($0) }
        }
        return nil
    }
}

/// `mmcli -i … -J`.
struct MMCLISim: Equatable, Sendable {
    var iccid: String?
    var imsi: String?

    init?(_ document: JSONValue) {
        guard let properties = document["sim"]?["properties"] else { return nil }
        iccid = properties.text("iccid").flatMap { $0.isMadeOfDigits(18...20) ? $0 : nil }
        imsi = properties.text("imsi").flatMap { $0.isMadeOfDigits(6...15) ? $0 : nil }
    }
}

/// `mmcli -b … -J`. The password that stands in it as well is not taken over.
public struct MMCLIBearer: Equatable, Sendable {
    /// How its interface gets an address.
    public enum Method: String, Equatable, Sendable {
        /// By a `pppd` on the port that is its interface.
        case ppp
        /// What the modem says is to be set.
        case fixed = "static"
        case dhcp
    }

    public var path: String
    public var isConnected: Bool
    /// A network interface, or the name of a port below `/dev`.
    public var interface: String?
    /// Nil where it has no IPv4.
    public var method: Method?
    /// In digits.
    public var address: String?
    /// 0…32.
    public var prefixLength: Int?
    public var gateway: String?
    /// In digits.
    public var nameServers: [String]
    /// 576…9000.
    public var mtu: Int?
    /// Why it is not connected, as the network or the modem says.
    public var failure: String?

    init?(_ document: JSONValue) {
        guard let bearer = document["bearer"], let path = MMCLIAnswers.path(bearer["dbus-path"]) else { return nil }
        self.path = path
        let status = bearer["status"]
        isConnected = status?.text("connected") == "yes"
        interface = status?.text("interface").flatMap { $0.isNameOfADevice ? $0 : nil }
        failure = status?["connection-error"]?.text("message", 200)
        let config = bearer["ipv4-config"]
        method = config?.text("method").flatMap { Method(rawValue: $0) }
        address = config?.text("address").flatMap { $0.isAddressOfAHost ? $0 : nil }
        prefixLength = config?.number("prefix").map { $0.clamped(to: 0...32) }
        gateway = config?.text("gateway").flatMap { $0.isAddress ? $0 : nil }
        let servers = (config?["dns"]?.asArray ?? []) + (bearer["ipv6-config"]?["dns"]?.asArray ?? [])
        nameServers = servers.prefix(4).compactMap { $0.asString }.filter { $0.isAddress || $0.isAddressOfSix }
        mtu = config?.number("mtu").flatMap { $0 > 0 ? $0.clamped(to: 576...9000) : nil }
    }
}

extension SignalReport {
    /// `mmcli -m … --signal-get -J`: of LTE, else RSSI of what is older.
    init?(mmcli document: JSONValue) {
        guard let signal = document["modem"]?["signal"] else { return nil }
        self.init()
        rsrpDbm = signal["lte"]?.decibels("rsrp").map { ($0 / 10).clamped(to: -140 ... -44) }
        rsrqTenthsDb = signal["lte"]?.decibels("rsrq").map { $0.clamped(to: -195 ... -30) }
        let others = ["lte", "umts", "gsm"].compactMap { signal[$0]?.decibels("rssi") }
        rssiDbm = others.first.map { ($0 / 10).clamped(to: -113 ... -51) }
    }
}

extension NetworkReport {
    /// `mmcli -m … --location-get -J`: area and cell.
    mutating func take(placeOf document: JSONValue) {
        guard let place = document["modem"]?["location"]?["3gpp"] else { return }
        let areas = ["tac", "lac"].compactMap { place.text($0)?.cellNumber }
        (areaCode, cellId) = (areas.first, place.text("cid")?.cellNumber)
    }
}

extension Registration {
    fileprivate init(mmcli word: String?) {
        switch word {
        case "idle": self = .idle
        case "home": self = .home
        case "searching": self = .searching
        case "denied": self = .denied
        case "roaming": self = .roaming
        case "home-sms-only", "roaming-sms-only", "emergency-only", "attached-rlos": self = .limited
        case "home-csfb-not-preferred": self = .home
        case "roaming-csfb-not-preferred": self = .roaming
        default: self = .unknown
        }
    }
}

extension RadioTechnology {
    fileprivate init?(mmcli word: String) {
        switch word {
        case "gsm", "gsm-compact", "gprs": self = .gsm
        case "edge": self = .edge
        case "umts": self = .umts
        case "hsdpa", "hsupa", "hspa", "hspa-plus": self = .hspa
        case "lte": self = .lte
        case "lte-cat-m": self = .lteM
        case "lte-nb-iot": self = .nbIoT
        case "5gnr": self = .nr
        default: return nil
        }
    }
}

extension JSONValue {
    /// Nil where it is absent, which mmcli writes as `--`, empty, or longer than anybody wants to read.
    fileprivate func text(_ key: String, _ limit: Int = 64) -> String? {
        guard let text = self[key]?.asString, !text.isEmpty, text != "--", text.utf8.count <= limit else { return nil }
        return text
    }

    /// mmcli writes numbers as texts.
    fileprivate func number(_ key: String) -> Int? { text(key, 9).flatMap { Int($0) } }

    /// `-93.00` in tenths.
    fileprivate func decibels(_ key: String) -> Int? {
        guard let text = text(key, 9) else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = Int(parts[0]), (-999...999).contains(whole) else { return nil }
        let tenths = parts.count > 1 ? Int(parts[1].prefix(1)) ?? 0 : 0
        return whole * 10 + (text.hasPrefix("-") ? -tenths : tenths)
    }
}

extension String {
    fileprivate func isMadeOfDigits(_ count: ClosedRange<Int>) -> Bool {
        count.contains(utf8.count) && utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Four numbers with dots between them.
    fileprivate var isAddress: Bool {
        let parts = split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { $0.utf8.count <= 3 && UInt8($0) != nil } && self != "0.0.0.0"
    }

    /// Neither of this machine alone nor of many (RFC 6890): what an interface may be given.
    fileprivate var isAddressOfAHost: Bool {
        guard isAddress, let first = split(separator: ".").first.flatMap({ UInt8($0) }) else { return false }
        return (1...223).contains(first) && first != 127
    }

    fileprivate var isAddressOfSix: Bool {
        contains(":") && utf8.count <= 39 && allSatisfy { $0.isHexDigit || $0 == ":" }
    }

    /// What may stand behind `/dev/` and in a message to the kernel, but for the loopback, which is nobody's: a port of ModemManager's test interface (`abstract:…`) as well.
    fileprivate var isNameOfADevice: Bool {
        !hasPrefix(".") && self != "lo" && utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }
    }

    /// Hexadecimal, without the zeros that ModemManager puts before it; nil where it is none, or only zeros.
    fileprivate var cellNumber: String? {
        guard (1...8).contains(utf8.count), allSatisfy(\.isHexDigit), contains(where: { $0 != "0" }) else { return nil }
        return self
    }
}
