internal import Primitives

extension ModemReport {
    /// With every text in it fit to be shown: modems and ModemManager repeat what they were told, passwords included, and what a network says of
    /// itself may hold anything.
    func showable(hiding secrets: ToldSecrets) -> ModemReport {
        var shown = self
        let texts: [(path: WritableKeyPath<ModemReport, String?>, longest: Int)] = [
            (\.cause, 200), (\.network.operatorName, 200), (\.identity.manufacturer, 64), (\.identity.model, 64),
            (\.identity.revision, 64), (\.identity.imei, 64),
        ]
        for (path, longest) in texts {
            shown[keyPath: path] = self[keyPath: path]?.showable(hiding: secrets, atMost: longest)
        }
        shown.trouble = trouble?.replacingWords { $0.showable(hiding: secrets) }
        return shown
    }
}

extension ModemTrouble {
    /// With other words where they come from outside.
    fileprivate func replacingWords(_ change: (String) -> String) -> ModemTrouble {
        switch self {
        case .commandFailed(let command, let cause): .commandFailed(command: command, cause: change(cause))
        case .simFailed(let cause): .simFailed(cause: change(cause))
        case .locked(let words): .locked(change(words))
        case .denied(let cause): .denied(cause: cause.map(change))
        case .notAttached(let cause): .notAttached(cause: cause.map(change))
        case .service(let words): .service(words.replacingTail(change))
        default: self
        }
    }
}

extension ModemSettings {
    /// What must not be said again, whatever others say.
    var secrets: ToldSecrets {
        let profiles = access.rows.map(\.profile) + [access.override].compactMap { $0 }
        return ToldSecrets(([pin, secondPIN] + profiles.map(\.password)).compactMap { $0 })
    }
}

extension LogRecord {
    /// What a modem says may repeat what it was told, here as well.
    func hiding(_ secrets: ToldSecrets) -> LogRecord {
        var shown = self
        for index in fields.indices { shown.fields[index].value = fields[index].value.showable(hiding: secrets) }
        return shown
    }
}

extension String {
    fileprivate func showable(hiding secrets: ToldSecrets, atMost mostCharacters: Int = 200) -> String {
        // All of it: what stands around a gap tells what is missing.
        guard !secrets.stand(in: self) else { return "(not shown, because a secret stands in it)" }
        return String(withoutSteering.prefix(mostCharacters))
    }

    /// What stands before the first colon is our own.
    fileprivate func replacingTail(_ change: (String) -> String) -> String {
        let mark = ": "
        guard let place = position(of: mark).map({ index($0, offsetBy: mark.count) }) else { return change(self) }
        return self[..<place] + change(String(self[place...]))
    }
}
