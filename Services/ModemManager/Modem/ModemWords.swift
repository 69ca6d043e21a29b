internal import UplinkCore

/// What a report says to those who know no modem.
extension RadioReport {
    init(_ report: ModemReport) {
        self.init(signalPercent: report.signal.percent)
        signalDbm = report.signal.rsrpDbm ?? report.signal.rssiDbm
        way = Way(report)
        // What is remembered of the network that was, or that refuses, is not where it is.
        if way.isRegistered != false {
            technology = report.network.technology?.rawValue
            operatorName = report.network.operatorName
            operatorCode = report.network.operatorCode
        }
        cell = report.network.cellId.map { (report.network.areaCode.map { $0 + "/" } ?? "") + $0 }
        iccid = report.sim.iccid
        imsi = report.sim.imsi
        cause = report.cause
        simTook = report.progress.sim
        registrationTook = report.progress.registration
    }
}

extension RadioReport.Way {
    /// No network has a modem without its SIM, whatever it said last.
    fileprivate init(_ report: ModemReport) {
        self.init(obstacle: report.trouble?.obstacle)
        let registration = report.network.registration
        isRegistered = obstacle == .sim ? false : registration == .unknown ? nil : registration.isRegistered
    }
}

extension ModemTrouble {
    /// Nil where a command fails, which is one of any step.
    fileprivate var obstacle: RadioReport.Obstacle? {
        switch self {
        case .portMissing, .silent, .service: .modem
        case .simMissing, .simFailed, .pinMissing, .pinRefused, .pinWithheld, .pukNeeded, .locked, .storage: .sim
        case .searching, .denied, .roamingForbidden: .registration
        case .notAttached: .data
        case .commandFailed: nil
        }
    }
}

extension CarrierCondition.Remedy {
    init(_ remedy: ModemTrouble.Remedy) {
        switch remedy {
        case .recovery: self = .recovery
        case .patience: self = .patience
        case .person: self = .person
        }
    }
}

extension ModemPhase {
    /// For people.
    var words: String {
        switch self {
        case .idle: "the modem is not used"
        case .absent: "waiting for the modem's port"
        case .waking: "waiting for the modem to answer"
        case .identifying: "asking the modem who it is"
        case .unlocking: "opening the SIM"
        case .preparing: "switching the radio on"
        case .registering: "looking for a network"
        case .attaching: "joining the packet network"
        case .ready: "dialling"
        }
    }
}
