/// What differs between the modems of vendors, as data. Whatever a family does not say is as in 3GPP TS 27.007.
///
/// Where the figures come from stands in the manuals of the modules: Quectel EC2x and EG9x AT Commands Manual, SIMCom SIM7500 and SIM7600
/// AT Command Manual, u-blox SARA AT Commands Manual (UBX-17003787), Telit LE910 AT Commands Reference Guide (80407ST10116A) and UC864
/// (80304ST10041a: `#PCT`, `#SHDN`), Huawei ME909 AT Command Interface Specification. Site files can name a family that is not recognized.
public struct ModemFamily: Equatable, Sendable {
    /// A command that asks, and the prefix of its answer.
    struct Query: Equatable, Sendable {
        let text: String
        let prefix: String

        init(_ text: String, _ prefix: String) {
            self.text = text
            self.prefix = prefix
        }
    }

    /// How many tries a PIN has left: of the line whose first field is `line`, or of the only line, the field at `index`.
    struct PINCounter: Equatable, Sendable {
        let query: Query
        var line: String?
        let index: Int
    }

    /// A command whose placeholders are {apn}, {user}, {password}, {auth} (0…2) and {family}; what stands in `hidden` is not shown.
    struct Template: Equatable, Sendable {
        let text: String
        var hidden = ""
    }

    public let name: String
    /// How `AT+CGMI` begins, in lower case.
    var manufacturers: [String] = []
    /// Sent once after the modem is known, whatever it answers.
    var setup: [String] = []
    var iccid = [Query("+CCID", "+CCID"), Query("+ICCID", "+ICCID")]
    var pinCounters: [PINCounter] = []
    /// 27.007 §10.1.31.
    var authentication = Template(text: "+CGAUTH=1,{auth},", hidden: "{user},{password}")
    var interfaceUp = Template(text: "+CGACT=1,1")
    var interfaceDown = "+CGACT=0,1"
    var reset = "+CFUN=1,1"
    var powerOff = "+CFUN=0"
    /// With the number of the slot, as the modem counts; nil where no command switches.
    var selectSlot: [Int: String] = [:]
    /// Queries after whose answer the modem may leave out the OK.
    var omitsOK: Set<String> = []

    /// 27.007 §8.65: asked where the vendor's own counter says nothing.
    static let standardCounter = PINCounter(query: Query("+CPINR=\"SIM PIN\"", "+CPINR"), line: "SIM PIN", index: 1)

    static let generic = ModemFamily(name: "generic")

    static let quectel = ModemFamily(
        name: "quectel",
        manufacturers: ["quectel"],
        iccid: [Query("+QCCID", "+QCCID"), Query("+CCID", "+CCID")],
        pinCounters: [PINCounter(query: Query("+QPINC=\"SC\"", "+QPINC"), line: "SC", index: 1)],
        // Sets name and password of the context together with its APN.
        authentication: Template(text: "+QICSGP=1,{family},{apn},", hidden: "{user},{password},{auth}"),
        interfaceUp: Template(text: "+QNETDEVCTL=1,1,1"),
        interfaceDown: "+QNETDEVCTL=0,1,0",
        powerOff: "+QPOWD=1",
        selectSlot: [1: "+QUIMSLOT=1", 2: "+QUIMSLOT=2"]
    )

    static let simcom = ModemFamily(
        name: "simcom",
        manufacturers: ["simcom"],
        iccid: [Query("+CICCID", "+ICCID"), Query("+CCID", "+CCID")],
        pinCounters: [PINCounter(query: Query("+SPIC", "+SPIC"), index: 0)],
        // The password stands before the name.
        authentication: Template(text: "+CGAUTH=1,{auth},", hidden: "{password},{user}"),
        interfaceUp: Template(text: "$QCRMCALL=1,1"),
        interfaceDown: "$QCRMCALL=0,1",
        reset: "+CRESET",
        powerOff: "+CPOF",
        selectSlot: [1: "+SWITCHSIM=0", 2: "+SWITCHSIM=1"]
    )

    static let ublox = ModemFamily(
        name: "u-blox",
        manufacturers: ["u-blox"],
        pinCounters: [PINCounter(query: Query("+UPINCNT", "+UPINCNT"), index: 0)],
        authentication: Template(text: "+UAUTHREQ=1,{auth},", hidden: "{user},{password}"),
        powerOff: "+CPWROFF"
    )

    /// As `ublox`, for the modules that want the password first.
    static let ubloxPasswordFirst = ModemFamily(
        name: "u-blox-password-first",
        pinCounters: ublox.pinCounters,
        authentication: Template(text: "+UAUTHREQ=1,{auth},", hidden: "{password},{user}"),
        powerOff: "+CPWROFF"
    )

    static let telit = ModemFamily(
        name: "telit",
        manufacturers: ["telit"],
        iccid: [Query("#CCID", "#CCID"), Query("+CCID", "+CCID")],
        pinCounters: [PINCounter(query: Query("#PCT", "#PCT"), index: 0)],
        interfaceUp: Template(text: "#ECM=1,0"),
        interfaceDown: "#ECMD=0",
        reset: "#REBOOT",
        powerOff: "#SHDN",
        selectSlot: [1: "#SIMSELECT=1", 2: "#SIMSELECT=2"]
    )

    static let huawei = ModemFamily(
        name: "huawei",
        manufacturers: ["huawei"],
        // It reports signal and mode several times a second otherwise.
        setup: ["^CURC=0"],
        iccid: [Query("^ICCID?", "^ICCID"), Query("+CCID", "+CCID")],
        // Code, tries left for it, and those of each code.
        pinCounters: [PINCounter(query: Query("^CPIN?", "^CPIN"), line: "SIM PIN", index: 1)],
        interfaceUp: Template(text: "^NDISDUP=1,1,{apn}"),
        interfaceDown: "^NDISDUP=1,0",
        reset: "^RESET"
    )

    /// Old modules that end the answer to `+CPIN?` without OK.
    static let wavecom = ModemFamily(name: "wavecom", manufacturers: ["wavecom"], omitsOK: ["+CPIN?"])

    /// Every family, and the one of modems that none recognizes first.
    public static let all = [generic, quectel, simcom, ublox, ubloxPasswordFirst, telit, huawei, wavecom]

    /// By what `AT+CGMI` says.
    static func recognized(by manufacturer: String?) -> ModemFamily {
        let manufacturer = manufacturer?.lowercased() ?? ""
        return all.first { $0.manufacturers.contains { manufacturer.hasPrefix($0) } } ?? generic
    }
}
