/// Who the modem says it is.
public struct SimulatedIdentity: Equatable, Sendable {
    public var manufacturer = "Simulated"
    public var model = "Modem 1"
    public var revision = "1.0"
    public var imei = "490154203237518"
}

/// A card.
public struct SimulatedSIM: Equatable, Sendable {
    public var iccid = "8949000000000000017"
    public var imsi = "262010000000001"
    /// Nil where none is asked for.
    public var pin: String?
    public var triesLeft = 3
    /// How often it is said to be open while it is not.
    var falseAnswers = 0
    /// So many questions are answered with "busy" after a start.
    public var busyAnswers = 0
    public var isBroken = false
    var isUnlocked = false

    public init() {}

    public init(iccid: String, imsi: String, pin: String? = nil) {
        self.iccid = iccid
        self.imsi = imsi
        self.pin = pin
    }

    var isOpen: Bool { !isBroken && (pin == nil || isUnlocked) }
}

/// What is in the air.
public struct SimulatedNetwork: Equatable, Sendable {
    public var code = "26201"
    public var name = "Operator One"
    public var isForeign = false
    public var refuses = false
    /// No network at all.
    public var isGone = false
    public var searchDuration = Duration.seconds(2)
    public var area = "00C3"
    public var cell = "0000A7B2"
    /// `<AcT>` of 3GPP TS 27.007 §7.3.
    public var technology = 7
    /// As `AT+CSQ` and `AT+CESQ` number them.
    public var rssi = 17
    public var rsrq = 20
    public var rsrp = 48
    /// What a call leads to: CONNECT, or another final result.
    public var dialResult = "CONNECT 150000000"
    public var refusesData = false
    /// Calls stay, and nothing comes through them any more, in neither direction.
    public var isSilent = false
    /// What `AT+CEER` says.
    public var cause = "No cause information available"
}

/// What is wrong with it.
public struct SimulatedFaults: Equatable, Sendable {
    /// It takes everything and answers nothing.
    public var isMute = false
    /// Only so many bytes of the next answer are sent.
    public var cutsNextAnswerAfter: Int?
    public var linesBeforeEachAnswer = 0
    /// Whether it knows how many tries a PIN has left.
    public var countsTries = true
    /// It takes each PIN, and the SIM stays locked.
    public var takesPINInVain = false
    /// It takes each PIN and says once that the SIM is open.
    public var opensForAMoment = false
    /// Its port is gone at each PIN, which no SIM sees, and comes back.
    public var leavesAtPIN = false
    /// It does not say the number of a locked SIM.
    public var hidesNumber = false
}

/// What commands have set.
struct TerminalState: Equatable, Sendable {
    struct Context: Equatable, Sendable {
        var type = "IP"
        var apn = ""
    }

    /// `AT+CMEE`.
    var errors = 0
    /// Of `+CREG` and its siblings.
    var news: [String: Int] = [:]
    var function = 1
    var operatorFormat = 0
    var contexts: [Int: Context] = [:]
    var isAttached = true
    var hasBearer = false
    var searchBegan = Duration.zero
    /// What was said last of the registration.
    var announced = 0
}

/// What belongs to one of its ports.
struct PortState: Equatable, Sendable {
    var echo = true
    var words = true
    var isInCall = false
    var line: [UInt8] = []
}
