import Primitives
import UplinkCore

@testable import ModemProtocol

/// The carrier of a modem of ModemManager's, with a ModemManager that answers in the words and in the shape of the real one (1.20.4), a disk that answers
/// at once, and programs that give an address as soon as they run.
struct MMCLIBench {
    var carrier: MMCLICarrier
    var service = FakeModemManager()
    private(set) var now = Moment(uptime: .seconds(1000), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    private(set) var effects: [CarrierEffect] = []
    private(set) var stored: [UInt8]?
    private(set) var running: String?
    private(set) var commands: [[String]] = []
    /// When each of `commands` was ordered.
    private(set) var times: [Duration] = []
    /// Whether mmcli was run again and again without any time between: it is answered no more then.
    private(set) var ranAway = false
    private var pending: [String] = []
    /// Whether the disk answers.
    var answersStores = true
    /// Whether what mmcli is asked is answered at all.
    var answers = true
    /// Of `wwan0`: whether it is there and switched on, has a default route, and lets itself be set.
    var hasInterface = true
    var isSwitchedOn = true
    var hasRoute = true
    var mayConfigure = true
    /// And what of it is not as it was given.
    var mtu: Int?
    var gateway: String?
    /// What the condition said, each time that it was something new.
    private(set) var details: [String] = []

    init(_ change: (inout MMCLICarrier.Settings) -> Void = { _ in }) {
        var settings = MMCLICarrier.Settings(
            modem: ModemSettings(access: AccessTable(override: AccessProfile(apn: "internet"))),
            pppd: ["/usr/sbin/pppd", "nodetach"],
            dhcpClient: ["/sbin/udhcpc", "-i"]
        )
        change(&settings)
        carrier = MMCLICarrier(settings)
    }

    var condition: CarrierCondition { carrier.condition }
    var spawns: [[String]] { effects.compactMap { if case .spawn(_, let arguments) = $0 { arguments } else { nil } } }
    /// Orders, not questions.
    var orders: [String] { commands.compactMap { $0.contains("-J") ? nil : $0.last } }

    mutating func start(stored: [UInt8]? = nil, running: [String] = []) {
        start(CarrierPast(stored: stored), running: running)
    }

    mutating func start(_ past: CarrierPast, running: [String] = []) {
        self.running = running.first
        handle(.started(past, running: running))
        advance(by: .seconds(1))
    }

    mutating func handle(_ event: CarrierEvent) {
        if case .childEnded("mmcli", _) = event { pending = [] }
        perform(carrier.handle(event, at: now))
        if details.last != condition.detail { details.append(condition.detail) }
    }

    mutating func advance(by duration: Duration) {
        let end = now.uptime + duration
        settle()
        while let due = carrier.nextDeadline?.at, due <= end {
            now = now.advanced(by: max(.zero, due - now.uptime))
            perform(carrier.deadlineReached(at: now))
            settle()
        }
        now = now.advanced(by: end - now.uptime)
    }

    mutating func hangUp(_ exit: ChildExit) {
        guard let program = running else { return }
        running = nil
        handle(.childEnded(program, exit))
        settle()
    }

    mutating func readInterfaces() {
        var call = InterfaceReading(name: "ppp0", isRunning: true, hasAddress: true, address: "10.64.64.2")
        call.defaultRoutes = hasRoute ? [.four] : []
        var own = InterfaceReading(name: service.interface, isRunning: isSwitchedOn, hasAddress: false)
        own.address = running == "dhcp" ? "192.168.225.20" : service.given
        own.hasAddress = own.address != nil
        own.defaultRoutes = own.hasAddress && isSwitchedOn && hasRoute ? [.four] : []
        (own.mtu, own.gateways) = (mtu ?? 1430, hasRoute ? [gateway ?? "10.65.1.8"] : [])
        let all = running == "pppd" ? [call, own] : [own]
        handle(.interfacesRead(hasInterface ? all : []))
    }

    /// One run of mmcli is answered after the other, as the loop does it.
    private mutating func settle() {
        var runs = 0
        while answers, !ranAway, !pending.isEmpty {
            runs += 1
            ranAway = runs > 100
            let arguments = pending
            pending = []
            let answer = service.answer(arguments)
            if !answer.text.isEmpty {
                // In pieces, as a pipe brings it.
                let bytes = Array(answer.text.utf8)
                handle(.childWrote("mmcli", Array(bytes.prefix(100))))
                handle(.childWrote("mmcli", Array(bytes.dropFirst(100))))
            }
            handle(.childEnded("mmcli", answer.exit))
            readInterfaces()
        }
    }

    private mutating func perform(_ ordered: [CarrierEffect]) {
        for effect in ordered {
            effects.append(effect)
            switch effect {
            case .run(_, let arguments, _):
                precondition(pending.isEmpty, "There is one run of mmcli at a time.")
                commands.append(Array(arguments.dropFirst()))
                times.append(now.uptime)
                pending = Array(arguments.dropFirst())
            case .spawn(let program, _):
                running = program
                readInterfaces()
            case .endChild: hangUp(.code(5))
            case .store(let bytes):
                stored = bytes
                if answersStores { handle(.stored) }
            case .addDefaultRoute:
                hasRoute = true
                readInterfaces()
            case .configure(_, let address):
                guard hasInterface, mayConfigure else { continue }
                service.given = address.address
                (isSwitchedOn, hasRoute) = (true, true)
                (mtu, gateway) = (nil, nil)
                readInterfaces()
            case .renew:
                hasRoute = true
                readInterfaces()
            case .clearAddresses:
                service.given = nil
                readInterfaces()
            default: continue
            }
        }
    }
}

/// A ModemManager with one modem or none.
struct FakeModemManager {
    /// What it says that cannot all be true.
    enum Contradiction: CaseIterable {
        case obeysAndStaysDisabled, namesAModemThatItDoesNotFind, namesASIMThatItDoesNotFind, namesAnotherSIMEachTime
    }

    var contradiction: Contradiction?
    var isThere = true
    var hasModem = true
    var state = "disabled"
    var failure = "--"
    var lock = "--"
    var retries = ["sim-pin (3)", "sim-pin2 (3)"]
    var pin = "4711"
    var iccid = "8949020000000000025"
    /// Whether the count of tries is anew after each.
    var countsAnew = true
    /// Each PIN is taken, and nothing changes.
    var takesPINInVain = false
    /// The run with the PIN does not end.
    var hangsAtPIN = false
    /// Of the objects: another one after each reset.
    var number = 0
    var registration = "home"
    var method = "ppp"
    var address = "10.65.1.7"
    var isConnected = false
    var connectFailure: String?
    var connectionError = "--"
    /// Whether the modem names a connection that is none.
    var hasDeadBearer = false
    var operatorName = "Zweites Netz"
    var interface = "wwan0"
    private var looks = 0
    /// Refused with the reason of polkit: `--location-get` alone, or every order.
    var forbidden: [String] = []
    /// Runs that ask or order this do not end, or only by this error: all of them where one is empty.
    var hanging: [String] = []
    var hangsWith: String?
    /// What ends a run that does not end.
    var signal = 9
    var imsi = "262020000000002"
    /// What was set on its network interface.
    var given: String?
    private(set) var pins: [String] = []

    private static let error = "GDBus.Error:org.freedesktop.ModemManager1.Error."
    private var root: String { "/org/freedesktop/ModemManager1" }
    private var path: String { "\(root)/Modem/\(number)" }
    private var simPath: String {
        "\(root)/SIM/\(contradiction == .namesAnotherSIMEachTime ? looks % 2 : number)"
    }

    mutating func answer(_ arguments: [String]) -> (exit: ChildExit, text: String) {
        guard isThere else { return refuse("couldn't find the ModemManager process in the bus") }
        let action = arguments.last { $0 != "-J" } ?? ""
        if hanging.contains(where: { $0.isEmpty || action.hasPrefix($0) }) {
            return hangsWith.map { refuse($0) } ?? (.signal(signal), "")
        }
        if forbidden.contains(where: { action.hasPrefix($0) }) {
            return refuse("couldn't do it: '\(Self.error)Core.Unauthorized: PolicyKit authorization failed'")
        }
        if arguments.contains("-L") { return say(#"{"modem-list":[\#(hasModem ? "\"\(path)\"" : "")]}"#) }
        guard hasModem, !arguments.contains("-m") || arguments.contains(path) else {
            return refuse("couldn't find modem")
        }
        switch action {
        case path where contradiction == .namesAModemThatItDoesNotFind:
            return refuse("couldn't find modem at '\(path)'")
        case path:
            looks += 1
            return say(modem)
        case simPath where contradiction == .namesASIMThatItDoesNotFind:
            return refuse("couldn't find sim at '\(simPath)'")
        case simPath: return say(sim)
        case "\(root)/Bearer/\(number)": return say(bearer)
        case "--location-get": return say(Self.place)
        case "--signal-get": return say(Self.signal)
        default: return act(action)
        }
    }

    private mutating func act(_ action: String) -> (exit: ChildExit, text: String) {
        switch action {
        case "--enable" where contradiction == .obeysAndStaysDisabled: break
        case "--reset" where state == "locked": number += 1
        case "--enable" where state == "locked", "--disable" where state == "locked":
            return refuse("couldn't: 'WrongState'")
        case "--enable": state = registration == "home" || registration == "roaming" ? "registered" : "searching"
        case "--disable": (state, isConnected) = ("disabled", false)
        case "--simple-disconnect": if isConnected { (state, isConnected) = ("registered", false) }
        case "--reset":
            number += 1
            (state, isConnected) = ("disabled", false)
        default: break
        }
        if action.hasPrefix("--pin=") { return tryPIN(String(action.dropFirst(6))) }
        if action.hasPrefix("--simple-connect=") {
            if let connectFailure { return refuse("couldn't connect the modem: '\(connectFailure)'") }
            (state, isConnected) = ("connected", true)
        }
        return say("successfully done")
    }

    private mutating func tryPIN(_ tried: String) -> (exit: ChildExit, text: String) {
        pins.append(tried)
        if hangsAtPIN { return (.signal(9), "") }
        if takesPINInVain { return say("successfully sent PIN code to the SIM") }
        guard tried == pin else {
            if countsAnew, !retries.isEmpty { retries = ["sim-pin (\(3 - pins.count))"] }
            let words = "\(Self.error)MobileEquipment.IncorrectPassword: Incorrect password"
            return refuse("couldn't send PIN code to the SIM: '\(words)'")
        }
        (state, lock) = ("disabled", "--")
        return say("successfully sent PIN code to the SIM")
    }

    private func say(_ text: String) -> (exit: ChildExit, text: String) { (.code(0), text + "\n\n") }
    private func refuse(_ text: String) -> (exit: ChildExit, text: String) { (.code(1), "error: \(text)\n") }

    // MARK: - Documents

    private var modem: String {
        let bearers = isConnected || hasDeadBearer ? "\"\(root)/Bearer/\(number)\"" : ""
        let tries = retries.map { "\"\($0)\"" }.joined(separator: ",")
        return """
            {"modem":{"3gpp":{"5gnr":{"registration-settings":{"drx-cycle":"--","mico-mode":"--"}},"enabled-locks":["sim"],"eps":{"initial-bearer":\
            {"dbus-path":"--","settings":{"apn":"--","ip-type":"--","password":"--","user":"--"}},"ue-mode-operation":"--"},"imei":"356938035643809",\
            "operator-code":"\(isOnAir ? "26202" : "--")","operator-name":"\(isOnAir ? operatorName : "--")","packet-service-state":"--","pco":"--",\
            "registration-state":"\(isOnAir ? registration : "--")"},"cdma":{"activation-state":"--"},"dbus-path":"\(path)","generic":\
            {"access-technologies":["lte"],"bearers":[\(bearers)],"current-bands":[],"current-capabilities":["gsm-umts, lte"],\
            "current-modes":"allowed: 2g, 3g, 4g; preferred: none","device":"/sys/devices/platform/usb1/1-1","device-identifier":"a1b2","drivers":\
            ["qmi_wwan","option1"],"equipment-identifier":"356938035643809","hardware-revision":"--","manufacturer":"QUALCOMM INCORPORATED","model":"EC25",\
            "own-numbers":[],"plugin":"quectel","ports":["cdc-wdm0 (qmi)","ttyUSB2 (at)","wwan0 (net)"],"power-state":"on","primary-port":"cdc-wdm0",\
            "primary-sim-slot":"--","revision":"EC25EFAR06A01M4G","signal-quality":{"recent":"yes","value":"\(isOnAir ? "61" : "0")"},\
            "sim":"\(simPath)","sim-slots":[],"state":"\(state)","state-failed-reason":"\(failure)","unlock-required":"\(lock)",\
            "unlock-retries":[\(tries)]}}}
            """
    }

    private var isOnAir: Bool { ["enabled", "searching", "registered", "connecting", "connected"].contains(state) }

    private var sim: String {
        """
        {"sim":{"dbus-path":"\(simPath)","properties":{"active":"yes","eid":"--","emergency-numbers":[],"esim-status":"--","gid1":"--",\
        "gid2":"--","iccid":"\(iccid)","imsi":"\(state == "locked" ? "--" : imsi)","operator-code":"26202",\
        "operator-name":"--","removability":"--","sim-type":"--"}}}
        """
    }

    private var bearer: String {
        let isStatic = method == "static"
        return """
            {"bearer":{"dbus-path":"\(root)/Bearer/\(number)","ipv4-config":{"address":"\(isStatic ? address : "--")","dns":\
            [\(isStatic ? "\"10.65.0.1\",\"10.65.0.2\"" : "")],"gateway":"\(isStatic ? "10.65.1.8" : "--")","method":"\(method)",\
            "mtu":"\(isStatic ? "1430" : "--")","prefix":"\(isStatic ? "28" : "0")"},"ipv6-config":{"address":"--","dns":[],"gateway":"--","method":"--",\
            "mtu":"--","prefix":"--"},"properties":{"apn":"internet","allowed-auth":[],"ip-type":"ipv4","password":"p4ss","user":"name"},"stats":\
            {"attempts":"1","bytes-rx":"--","duration":"--"},"status":{"connected":"\(isConnected && !hasDeadBearer ? "yes" : "no")","connection-error":\
            {"message":"\(connectionError)","name":"--"},"interface":"\(method == "ppp" ? "ttyUSB3" : interface)","ip-timeout":"20",\
            "multiplexed":"no","profile-id":"1","suspended":"no"},"type":"default"}}
            """
    }

    private static let place = """
        {"modem":{"location":{"3gpp":{"cid":"0000B1C2","lac":"0000","mcc":"262","mnc":"02","tac":"0000D4"},"cdma-bs":{"latitude":"--",\
        "longitude":"--"},"gps":{"altitude":"--","latitude":"--","longitude":"--","nmea":[],"utc":"--"}}}}
        """

    private static let signal = """
        {"modem":{"signal":{"5g":{"error-rate":"--","rsrp":"--","rsrq":"--","snr":"--"},"cdma1x":{"ecio":"--","error-rate":"--","rssi":"--"},"evdo":\
        {"ecio":"--","io":"--","rssi":"--","sinr":"--"},"gsm":{"error-rate":"--","rssi":"--"},"lte":{"error-rate":"--","rsrp":"-98.00","rsrq":\
        "-11.50","rssi":"-70.00","snr":"--"},"refresh":{"rate":"30"},"threshold":{"error-rate":"no","rssi":"0"},"umts":{"ecio":"--",\
        "error-rate":"--","rscp":"--","rssi":"--"}}}}
        """
}
