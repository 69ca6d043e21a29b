internal import Primitives

/// Everything that is ever said to a modem, by what it is for.
enum Question: Equatable, Sendable {
    case echoOff, wordsOn, errorNumbersOn
    case manufacturer, model, revision, imei, radioState
    /// So many of the family's own settings, counted from 0.
    case setup(Int)
    case sim, iccid(Int), pinTries(Int), pin, imsi
    case context, authentication, news(RegistrationWatch.Domain), operatorChoice
    case registration(RegistrationWatch.Domain), extendedSignal, signal
    case codeFormat, operatorCode, nameFormat, operatorName
    case attachment, attach, detach
    case interfaceUp, interfaceDown, address
    /// Why the last connection ended or was refused, in the modem's words.
    case cause
    case radioOn, radioOff, everythingOff, slot(Int), searchAgain, restart, powerOff
}

/// What questions are made of.
struct QuestionContext {
    let family: ModemFamily
    let settings: ModemSettings
    let profile: AccessProfile
    /// Of the SIM in use.
    let pin: Secret?
    let sim: SIMReport
}

extension Question {
    /// The command, with the time-outs of 27.007 in practice; nil when there is nothing to ask.
    func command(_ context: QuestionContext) -> ATCommand? {
        let family = context.family
        return switch self {
        case .echoOff: ATCommand("E0", within: .seconds(2))
        case .wordsOn: ATCommand("V1", within: .seconds(2))
        case .errorNumbersOn: ATCommand("+CMEE=1", within: .seconds(2))
        case .manufacturer: ATCommand("+CGMI", answer: .bare(prefix: "+CGMI"))
        case .model: ATCommand("+CGMM", answer: .bare(prefix: "+CGMM"))
        case .revision: ATCommand("+CGMR", answer: .bare(prefix: "+CGMR"))
        case .imei: ATCommand("+CGSN", answer: .bare(prefix: "+CGSN"))
        case .radioState: ATCommand("+CFUN?", answer: .prefixed("+CFUN"))
        case .setup(let index): family.setup.indices.contains(index) ? ATCommand(family.setup[index]) : nil
        case .sim:
            ATCommand(
                "+CPIN?",
                answer: .prefixed("+CPIN"),
                within: .seconds(10),
                silenceEndsIt: family.omitsOK.contains("+CPIN?")
            )
        case .iccid(let index): Self.iccid(index, context)
        case .pinTries(let index): Self.pinTries(index, context)
        case .pin: context.pin.map { ATCommand("+CPIN=", hiding: $0.quoted, within: .seconds(10)) }
        case .imsi: ATCommand("+CIMI", answer: .bare(prefix: "+CIMI"))
        case .context:
            ATCommand(
                "+CGDCONT=1,\"\(context.profile.addressFamily.rawValue)\",\(ATCommand.quoted(context.profile.apn))"
            )
        case .authentication:
            context.profile.user == nil ? nil : family.authentication.command(context.profile, within: .seconds(5))
        case .news(let domain): ATCommand(domain.rawValue + "=2", within: .seconds(2))
        case .operatorChoice:
            context.settings.operatorCode.map { ATCommand("+COPS=1,2,\(ATCommand.quoted($0))", within: .seconds(180)) }
        case .registration(let domain): ATCommand(domain.rawValue + "?", answer: .prefixed(domain.rawValue))
        case .extendedSignal: ATCommand("+CESQ", answer: .prefixed("+CESQ"))
        case .signal: ATCommand("+CSQ", answer: .prefixed("+CSQ"))
        case .codeFormat: ATCommand("+COPS=3,2")
        case .nameFormat: ATCommand("+COPS=3,0")
        case .operatorCode, .operatorName: ATCommand("+COPS?", answer: .prefixed("+COPS"), within: .seconds(10))
        case .attachment: ATCommand("+CGATT?", answer: .prefixed("+CGATT"))
        case .attach: ATCommand("+CGATT=1", within: .seconds(140))
        case .detach: ATCommand("+CGATT=0", within: .seconds(140))
        case .interfaceUp: family.interfaceUp.command(context.profile, within: .seconds(150))
        case .interfaceDown: ATCommand(family.interfaceDown, within: .seconds(40))
        case .address: ATCommand("+CGPADDR=1", answer: .prefixed("+CGPADDR"))
        case .cause: ATCommand("+CEER", answer: .prefixed("+CEER"))
        case .radioOn: ATCommand("+CFUN=1", within: .seconds(15))
        case .radioOff: ATCommand("+CFUN=4", within: .seconds(15))
        case .everythingOff: ATCommand("+CFUN=0", within: .seconds(15))
        case .slot(let slot): family.selectSlot[slot].map { ATCommand($0, within: .seconds(15)) }
        case .searchAgain: ATCommand("+COPS=0", within: .seconds(180))
        case .restart: ATCommand(family.reset, within: .seconds(15))
        case .powerOff: ATCommand(family.powerOff, within: .seconds(15))
        }
    }

    private static func iccid(_ index: Int, _ context: QuestionContext) -> ATCommand? {
        guard context.sim.iccid == nil, context.family.iccid.indices.contains(index) else { return nil }
        let query = context.family.iccid[index]
        return ATCommand(query.text, answer: .bare(prefix: query.prefix))
    }

    private static func pinTries(_ index: Int, _ context: QuestionContext) -> ATCommand? {
        guard context.sim.triesLeft == nil, let counter = context.family.counter(index) else { return nil }
        return ATCommand(counter.query.text, answer: .prefixed(counter.query.prefix))
    }
}

extension ModemFamily {
    /// The vendor's own, and the standard's at the end.
    func counter(_ index: Int) -> PINCounter? {
        if pinCounters.indices.contains(index) { return pinCounters[index] }
        return index == pinCounters.count ? Self.standardCounter : nil
    }
}

extension Secret {
    fileprivate var quoted: Secret { Secret(ATCommand.quoted(exposed)) }
}

extension ModemFamily.Template {
    func command(_ profile: AccessProfile, within timeout: Duration) -> ATCommand {
        let secret = hidden.isEmpty ? nil : Secret(Self.fill(hidden, profile))
        return ATCommand(Self.fill(text, profile), hiding: secret, within: timeout)
    }

    /// Each placeholder becomes its value, in quotation marks where it is a text; a value is not searched for placeholders.
    private static func fill(_ template: String, _ profile: AccessProfile) -> String {
        var filled = ""
        var rest = template[...]
        while let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") {
            filled += rest[..<start]
            filled += value(String(rest[rest.index(after: start)..<end]), profile)
            rest = rest[rest.index(after: end)...]
        }
        return filled + rest
    }

    private static func value(_ name: String, _ profile: AccessProfile) -> String {
        switch name {
        case "apn": ATCommand.quoted(profile.apn)
        case "user": ATCommand.quoted(profile.user ?? "")
        case "password": ATCommand.quoted(profile.password?.exposed ?? "")
        case "auth": String(profile.authentication.rawValue)
        // Quectel's numbers: 1 IPv4, 2 IPv6, 3 both.
        case "family": profile.addressFamily == .ipv4 ? "1" : profile.addressFamily == .ipv6 ? "2" : "3"
        default: ""
        }
    }
}
