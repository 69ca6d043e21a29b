public import Primitives

/// How this modem is to be used: what its site says about it.
public struct ModemSettings: Equatable, Sendable {
    /// How data flows once the modem is registered.
    public enum Connection: String, Equatable, Sendable, CaseIterable {
        /// `pppd` on a port of its own.
        case ppp
        /// The modem's USB network interface.
        case networkInterface
    }

    /// How the power key is used, where there is one.
    public struct PowerKey: Equatable, Sendable {
        /// How long it is held to switch the modem on (the module's hardware manual): 50 ms…5 s.
        public var pulse: Duration
        /// Whether the modem is on when its port is there (USB), so that the key, which switches off as well as on, is let alone then.
        public var portMeansOn: Bool

        public init(pulse: Duration, portMeansOn: Bool = true) {
            self.pulse = pulse
            self.portMeansOn = portMeansOn
        }
    }

    public var connection: Connection
    /// Four to eight digits.
    public var pin: Secret?
    /// Of the SIM in the second slot.
    public var secondPIN: Secret?
    /// Whether a PIN is tried where the modem does not say how many tries are left. That one could be the last.
    public var triesPINWithoutCounter: Bool
    public var allowsRoaming: Bool
    /// MCC and MNC of the only network to use; nil leaves it to the modem.
    public var operatorCode: String?
    public var access: AccessTable
    /// Nil where the modem is switched on by its supply.
    public var powerKey: PowerKey?
    /// Whether a line of the owner's switches between the slots of the SIMs; else the modem's own command does.
    public var switchesSIMByLine: Bool
    /// The family of the modem by name (`ModemFamily.all`); nil finds it by what the modem says of itself.
    public var family: String?

    public init(
        connection: Connection = .ppp,
        pin: Secret? = nil,
        secondPIN: Secret? = nil,
        triesPINWithoutCounter: Bool = false,
        allowsRoaming: Bool = true,
        operatorCode: String? = nil,
        access: AccessTable = AccessTable(),
        powerKey: PowerKey? = nil,
        switchesSIMByLine: Bool = false,
        family: String? = nil
    ) {
        self.connection = connection
        self.pin = pin
        self.secondPIN = secondPIN
        self.triesPINWithoutCounter = triesPINWithoutCounter
        self.allowsRoaming = allowsRoaming
        self.operatorCode = operatorCode
        self.access = access
        self.powerKey = powerKey
        self.switchesSIMByLine = switchesSIMByLine
        self.family = family
    }
}

/// How to get into the packet network of one operator.
public struct AccessProfile: Equatable, Sendable {
    /// 3GPP TS 27.007 §10.1.31, `AT+CGAUTH`.
    public enum Authentication: Int, Equatable, Sendable {
        case none = 0
        case pap = 1
        case chap = 2
    }

    /// 3GPP TS 27.007 §10.1.1, `<PDP_type>`.
    public enum AddressFamily: String, Equatable, Sendable, CaseIterable {
        case ipv4 = "IP"
        case ipv6 = "IPV6"
        case both = "IPV4V6"
    }

    /// Empty for the network's own choice.
    public var apn: String
    public var user: String?
    public var password: Secret?
    public var authentication: Authentication
    public var addressFamily: AddressFamily
    /// A file for `pppd` with name and password, which only we can read; nil where there are none.
    public var optionsPath: String?

    public init(
        apn: String = "",
        user: String? = nil,
        password: Secret? = nil,
        authentication: Authentication? = nil,
        addressFamily: AddressFamily = .ipv4,
        optionsPath: String? = nil
    ) {
        self.apn = apn
        self.user = user
        self.password = password
        self.authentication = authentication ?? (user == nil ? .none : .chap)
        self.addressFamily = addressFamily
        self.optionsPath = optionsPath
    }
}

/// Which profile belongs to which SIM.
public struct AccessTable: Equatable, Sendable {
    public struct Row: Equatable, Sendable {
        public enum Key: Equatable, Sendable {
            /// How its ICCID begins (ITU-T E.118: 89, country, issuer).
            case iccid(prefix: String)
            /// How its IMSI begins: MCC and MNC, five or six digits (3GPP TS 23.003 §2.2).
            case imsi(prefix: String)
        }

        public var key: Key
        public var profile: AccessProfile

        public init(_ key: Key, _ profile: AccessProfile) {
            self.key = key
            self.profile = profile
        }
    }

    /// For every SIM, whatever the rows say.
    public var override: AccessProfile?
    public var rows: [Row]

    public init(override: AccessProfile? = nil, rows: [Row] = []) {
        self.override = override
        self.rows = rows
    }

    /// The override; else the row with the longest prefix of the ICCID, then of the IMSI; else the network's own choice.
    public func profile(iccid: String?, imsi: String?) -> AccessProfile {
        if let override { return override }
        var best: (length: Int, profile: AccessProfile)?
        func consider(_ prefix: String, of text: String?, bonus: Int, _ profile: AccessProfile) {
            guard let text, text.hasPrefix(prefix) else { return }
            let length = prefix.utf8.count + bonus
            guard length > best?.length ?? -1 else { return }
            best = (length, profile)
        }
        for row in rows {
            switch row.key {
            // An ICCID names one issuer's card, an IMSI only the operator: any prefix of the former goes before the latter.
            case .iccid(let prefix): consider(prefix, of: iccid, bonus: 100, row.profile)
            case .imsi(let prefix): consider(prefix, of: imsi, bonus: 0, row.profile)
            }
        }
        return best?.profile ?? AccessProfile()
    }
}
