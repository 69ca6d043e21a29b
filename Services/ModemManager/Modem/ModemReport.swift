internal import Primitives

/// All that is known of a modem, in its own words, which may repeat a secret that it was told: people and logs get what is `showable`.
public struct ModemReport: Equatable, Sendable {
    public var phase = ModemPhase.idle
    /// What keeps the modem from being ready; nil when nothing does, or nothing is known yet.
    public var trouble: ModemTrouble?
    public var identity = ModemIdentity()
    public var sim = SIMReport()
    public var network = NetworkReport()
    public var signal = SignalReport()
    /// What the modem or the network gave last as the reason of a refusal or an end (`AT+CEER`, `+CME ERROR`), for people.
    public var cause: String?
    /// How long the way to where it is has taken.
    public var progress = BringUpTimes()

    public init() {}
}

/// How far a modem is. It only goes on from one to the next, or back to any earlier one.
public enum ModemPhase: String, Equatable, Sendable, CaseIterable {
    /// Nothing is wanted of it.
    case idle
    /// There is no port: off, unplugged, or starting.
    case absent
    /// There is a port, and no answer yet.
    case waking
    /// It answers, and is asked who it is.
    case identifying
    /// The SIM is asked for, and unlocked.
    case unlocking
    /// The radio is being set up, or switched.
    case preparing
    /// It looks for a network, or is refused by one.
    case registering
    /// It is registered, and joins the packet network.
    case attaching
    /// It may be dialled, or is.
    case ready
}

/// Why a modem is not ready, and who can do something about it.
public enum ModemTrouble: Equatable, Sendable {
    /// There is no port.
    case portMissing(reason: String)
    /// There is a port, and nothing answers on it.
    case silent
    /// A command that must work did not.
    case commandFailed(command: String, cause: String)
    case simMissing
    case simFailed(cause: String)
    /// The SIM wants a PIN, and none is configured, or none could be read.
    case pinMissing
    /// The SIM refused the PIN; it is not tried again.
    case pinRefused(triesLeft: Int?)
    /// The PIN was not tried, for this reason.
    case pinWithheld(reason: String)
    /// Nothing but a person with the PUK helps.
    case pukNeeded
    /// Locked to a network or a device, in the modem's words (3GPP TS 27.007 §8.3, `PH-NET PIN` and others).
    case locked(String)
    /// The service that the modem belongs to is not there, hangs, or takes no orders: its own words.
    case service(String)
    /// No network yet. This is not a fault of the modem: in bad networks it takes up to an hour.
    case searching
    /// The network refuses the SIM or the modem.
    case denied(cause: String?)
    /// A foreign network is there, and roaming is not allowed by configuration.
    case roamingForbidden
    /// Registered, but not let into the packet network, or no bearer.
    case notAttached(cause: String?)
    /// What must be on disk before the next step could not be written.
    case storage(reason: String)

    /// What helps. The ladder climbs for `recovery` alone; `patience` lets it go as far as the radio.
    public enum Remedy: String, Equatable, Sendable {
        case recovery, patience, person
    }

    public var remedy: Remedy {
        switch self {
        case .portMissing, .silent, .commandFailed, .simFailed, .notAttached, .storage: .recovery
        case .searching, .denied: .patience
        case .simMissing, .pinMissing, .pinRefused, .pinWithheld, .pukNeeded, .locked, .service, .roamingForbidden:
            .person
        }
    }
}

extension ModemTrouble: CustomStringConvertible {
    /// A clause for people.
    public var description: String {
        switch self {
        case .portMissing(let reason): "the modem has no port (\(reason))"
        case .silent: "the modem does not answer"
        case .commandFailed(let command, let cause): "\(command) failed: \(cause)"
        case .simMissing: "there is no SIM"
        case .simFailed(let cause): "the SIM does not work: \(cause)"
        case .pinMissing: "the SIM wants a PIN, and there is none"
        case .pinRefused(1): "the SIM refused the PIN, 1 try is left"
        case .pinRefused(let left): "the SIM refused the PIN" + (left.map { ", \($0) tries are left" } ?? "")
        case .pinWithheld(let reason): "the PIN was not tried: \(reason)"
        case .pukNeeded: "the SIM wants its PUK"
        case .locked(let what): "locked: \(what)"
        case .service(let words): words
        case .searching: "no network yet"
        case .denied(let cause): "the network refuses" + (cause.map { ": \($0)" } ?? "")
        case .roamingForbidden: "only foreign networks are there, and roaming is not allowed"
        case .notAttached(let cause): "the network gives no data connection" + (cause.map { ": \($0)" } ?? "")
        case .storage(let reason): "the attempt of a PIN cannot be stored: \(reason)"
        }
    }
}

public struct ModemIdentity: Equatable, Sendable {
    /// As the modem spells them, at most 64 characters each.
    public var manufacturer: String?
    public var model: String?
    public var revision: String?
    public var imei: String?

    public init(manufacturer: String? = nil, model: String? = nil, revision: String? = nil, imei: String? = nil) {
        self.manufacturer = manufacturer
        self.model = model
        self.revision = revision
        self.imei = imei
    }
}

public struct SIMReport: Equatable, Sendable {
    public enum State: String, Equatable, Sendable {
        case unknown, ready, missing, failed
        case pinNeeded, pukNeeded, locked
    }

    public var state = State.unknown
    public var iccid: String?
    public var imsi: String?
    /// Of the PIN, where the modem says so.
    public var triesLeft: Int?
    /// Counted from 1; nil where there is one, or nobody chose.
    public var slot: Int?

    public init(state: State = .unknown, slot: Int? = nil) {
        self.state = state
        self.slot = slot
    }
}

public struct NetworkReport: Equatable, Sendable {
    public var registration = Registration.unknown
    public var technology: RadioTechnology?
    /// As the network calls itself, at most 64 characters.
    public var operatorName: String?
    /// MCC and MNC, five or six digits.
    public var operatorCode: String?
    /// Location or tracking area code, hexadecimal as the modem gives it.
    public var areaCode: String?
    /// Hexadecimal as the modem gives it.
    public var cellId: String?

    public init() {}
}

/// 3GPP TS 27.007 §10.1.22, `<stat>`.
public enum Registration: String, Equatable, Sendable {
    case unknown, idle, searching, denied, home, roaming
    /// Registered for something that carries no data (6, 7: SMS only; 8: emergency only).
    case limited
}

/// 3GPP TS 27.007 §7.3, `<AcT>`, as people call them.
public enum RadioTechnology: String, Equatable, Sendable {
    case gsm = "2G"
    case edge = "EDGE"
    case umts = "3G"
    case hspa = "HSPA"
    case lte = "LTE"
    case lteM = "LTE-M"
    case nbIoT = "NB-IoT"
    case nr = "5G"
}

public struct SignalReport: Equatable, Sendable {
    /// Received power, dBm: RSSI of `AT+CSQ`, -113…-51.
    public var rssiDbm: Int?
    /// LTE: -140…-44 dBm (`AT+CESQ`, 3GPP TS 27.007 §8.69).
    public var rsrpDbm: Int?
    /// LTE, tenths of a decibel: -195…-30.
    public var rsrqTenthsDb: Int?
    /// 0…100 by the scale of whoever has the modem; nil where that is us.
    public var measuredPercent: Int?

    public init(rssiDbm: Int? = nil, rsrpDbm: Int? = nil, rsrqTenthsDb: Int? = nil) {
        self.rssiDbm = rssiDbm
        self.rsrpDbm = rsrpDbm
        self.rsrqTenthsDb = rsrqTenthsDb
    }

    /// 0…100 for people and for WeakSignal: RSRP from -120 to -80 dBm where there is one, RSSI from -113 to -51 dBm otherwise.
    public var percent: Int? {
        if let rsrpDbm { return ((rsrpDbm.clamped(to: -120 ... -80) + 120) * 100) / 40 }
        guard let rssiDbm else { return measuredPercent }
        return ((rssiDbm.clamped(to: -113 ... -51) + 113) * 100) / 62
    }
}
