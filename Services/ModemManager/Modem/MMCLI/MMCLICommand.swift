public import Primitives

/// What is asked of ModemManager by one run of `mmcli`. Objects are named by their paths, which are others after each reset of a modem.
public enum MMCLICommand: Hashable, Sendable {
    case list
    case modem(String)
    case sim(String)
    case bearer(String)
    case place(String)
    case signal(String)
    /// Measure every 30 s what `signal` tells.
    case measureSignal(String)
    case unlock(sim: String, pin: Secret)
    case enable(String)
    case disable(String)
    case connect(String, MMCLIConnection)
    case disconnect(String)
    case detach(String)
    case attach(String)
    case reset(String)

    /// Of `mmcli`, behind its own path.
    public var arguments: [String] {
        switch self {
        case .list: ["-L", "-J"]
        case .modem(let path): ["-m", path, "-J"]
        case .sim(let path): ["-i", path, "-J"]
        case .bearer(let path): ["-b", path, "-J"]
        case .place(let path): ["-m", path, "--location-get", "-J"]
        case .signal(let path): ["-m", path, "--signal-get", "-J"]
        case .measureSignal(let path): ["-m", path, "--signal-setup=30"]
        case .unlock(let sim, let pin): ["-i", sim, "--pin=\(pin.exposed)"]
        case .enable(let path): patient + ["-m", path, "--enable"]
        case .disable(let path): patient + ["-m", path, "--disable"]
        case .connect(let path, let connection): patient + ["-m", path, "--simple-connect=\(connection.words.exposed)"]
        case .disconnect(let path): patient + ["-m", path, "--simple-disconnect"]
        case .detach(let path): patient + ["-m", path, "--3gpp-set-packet-service-state=detached"]
        case .attach(let path): patient + ["-m", path, "--3gpp-set-packet-service-state=attached"]
        case .reset(let path): patient + ["-m", path, "--reset"]
        }
    }

    /// How long ModemManager has for it, by itself: what the network takes its time for.
    private var patient: [String] { ["--timeout=\((limit - .seconds(10)).wholeSeconds)"] }

    /// How long `mmcli` may run.
    public var limit: Duration {
        switch self {
        case .list, .modem, .sim, .bearer, .place, .signal, .measureSignal: .seconds(15)
        case .unlock, .disable, .disconnect, .reset: .seconds(40)
        case .enable, .detach, .attach: .seconds(100)
        case .connect: .seconds(190)
        }
    }

    /// Whether nothing depends on its answer.
    var isBeside: Bool {
        switch self {
        case .place, .signal, .measureSignal: true
        default: false
        }
    }

    /// Whether it changes something.
    var isOrder: Bool {
        switch self {
        case .list, .modem, .sim, .bearer, .place, .signal: false
        case .measureSignal, .unlock, .enable, .disable, .connect, .disconnect, .detach, .attach, .reset: true
        }
    }

    /// For people; nothing in it is secret.
    var words: String {
        switch self {
        case .list: "the question for the modems"
        case .modem: "the question for the modem"
        case .sim: "the question for the SIM"
        case .bearer: "the question for the connection"
        case .place: "the question for the cell"
        case .signal, .measureSignal: "the measurement of the signal"
        case .unlock: "the unlocking of the SIM"
        case .enable: "switching the radio on"
        case .disable: "switching the radio off"
        case .connect: "the connection"
        case .disconnect: "the end of the connection"
        case .detach: "leaving the packet network"
        case .attach: "joining the packet network"
        case .reset: "the reset of the modem"
        }
    }
}

/// What `--simple-connect` takes.
public struct MMCLIConnection: Hashable, Sendable {
    let words: Secret

    /// `key=value` with commas in between; nil where a text cannot be written so, since mmcli knows quotation marks of two kinds and no way to
    /// write one inside its own kind.
    init?(_ profile: AccessProfile, roaming: Bool, operatorCode: String?) {
        var pairs: [String] = []
        for (key, text) in [("apn", profile.apn), ("user", profile.user), ("password", profile.password?.exposed)] {
            // ModemManager wants an access point; an empty one is the network's choice.
            guard let text, key == "apn" || !text.isEmpty else { continue }
            let mark = ["\"", "'"].first { !text.contains($0) }
            guard let mark, !text.contains(where: \.isNewline) else { return nil }
            pairs.append("\(key)=\(mark)\(text)\(mark)")
        }
        let family =
            switch profile.addressFamily {
            case .ipv4: "ipv4"
            case .ipv6: "ipv6"
            case .both: "ipv4v6"
            }
        pairs.append("ip-type=\(family)")
        switch profile.authentication {
        case .none: break
        case .pap: pairs.append("allowed-auth=pap")
        case .chap: pairs.append("allowed-auth=chap")
        }
        if let operatorCode { pairs.append("operator-id=\(operatorCode)") }
        pairs.append("allow-roaming=\(roaming ? "yes" : "no")")
        words = Secret(pairs.joined(separator: ","))
    }
}
