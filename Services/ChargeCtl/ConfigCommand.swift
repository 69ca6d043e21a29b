internal import Bus
internal import BusSchema
internal import Glibc
internal import JSON
internal import Primitives

/// `chargectl config …`: settings by their keys.
enum ConfigCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.config)
        switch try arguments.next("get, set, unset, explain, history, check or schema") {
        case "get": try get(&arguments, session)
        case "set": try set(&arguments, session)
        case "unset": try unset(&arguments, session)
        case "explain": try explain(&arguments, session)
        case "history": try history(&arguments, session)
        case "check": return try SiteCommand.check(&arguments)
        case "schema": try SiteCommand.schema(&arguments)
        case let word: throw UsageError("unknown: config \(word)", usage: Usage.config)
        }
        return .done
    }

    private static func entries(_ keys: [String], _ session: Session) throws -> [ConfigGet.Entry] {
        var entries: [ConfigGet.Entry] = []
        try each(keys, session) { entries.append($0) }
        return entries
    }

    /// - Throws: A `Failure` that names the keys that are unknown, after all others.
    private static func each(_ keys: [String], _ session: Session, _ body: (ConfigGet.Entry) throws -> Void) throws {
        let reply = try session.ask(ConfigGet(keys: keys))
        for entry in reply.entries.sorted(by: { $0.value.key < $1.value.key }) { try body(entry) }
        guard reply.unknownKeys.isEmpty else {
            throw Failure(status: .refused, message: words(ofUnknown: reply.unknownKeys, session))
        }
    }

    private static func words(ofUnknown keys: [String], _ session: Session) -> String {
        let paths = keys.filter(SiteValues.isPath)
        guard paths.isEmpty else {
            let way = "change it there, look at it with `chargectl config check FILE`, and restart charger.target"
            return "\(paths.joined(separator: ", ")) is no key: it belongs to \(SiteValues.usualPath); \(way)"
        }
        let known = (try? session.ask(ConfigGet(keys: [])).entries.map(\.value.key)) ?? []
        let named = keys.map { key in key + (NearestName.of(key, in: known).map { " (did you mean \($0)?)" } ?? "") }
        return "no running service declares \(named.joined(separator: ", ")); `chargectl config get` lists all"
    }

    private static func get(_ arguments: inout Arguments, _ session: Session) throws {
        let asJSON = arguments.flag("--json")
        let site = SiteValues(path: try arguments.option("--config") ?? SiteValues.usualPath)
        let words = try arguments.rest()
        if asJSON {
            return Output.line(
                String(decoding: try JSON.encode(try entries(words, session).map(\.value)), as: UTF8.self)
            )
        }
        // A path is no key: keys have neither dots nor brackets.
        let paths = words.filter(SiteValues.isPath)
        for path in paths { Output.line("\(padded(path, to: 36)) \(try site.value(at: path))  (from \(site.path))") }
        let keys = words.filter { !SiteValues.isPath($0) }
        guard paths.isEmpty || !keys.isEmpty else { return }
        try each(keys, session) { entry in
            let note = origin(of: entry, site).map { "  (\($0))" } ?? ""
            Output.line("\(padded(entry.value.key, to: 36)) \(shown(entry.value))\(note)")
        }
    }

    /// Where a value comes from that is not stored; nil where nothing is to be said.
    private static func origin(of entry: ConfigGet.Entry, _ site: SiteValues) -> String? {
        if entry.value.revision > 0 { return nil }
        if let path = site.source(of: entry.value.key) { return "from \(site.path): \(path)" }
        if entry.declaration.access == .readOnly || entry.value.value == nil { return nil }
        return site.isReadable ? "default" : "default, or from \(site.path), which cannot be read"
    }

    private static func shown(_ value: ConfigValue) -> String {
        if let present = value.secretPresent { return present ? "(secret, set)" : "(secret, not set)" }
        return value.value ?? "(not set)"
    }

    private static func set(_ arguments: inout Arguments, _ session: Session) throws {
        let reason = try arguments.option("--reason")
        let key = try arguments.next("the key")
        let word = try arguments.next("the value")
        try arguments.end()
        let declaration = try entries([key], session).first?.declaration
        let isSecret = declaration?.secret ?? false
        guard !isSecret || word == "-" else {
            // Every process of this machine can read our arguments, and shells keep them.
            let way = "give - as the value, and the secret itself on standard input"
            throw UsageError("\(key) is a secret, which must not stand on a command line: \(way)", usage: Usage.config)
        }
        let value = word == "-" ? try standardInput() : word
        if isSecret { return try setSecret(key, Secret(value), reason, session) }
        if let declaration { try checkMeasurands(value, declaration, session) }
        try report(try session.ask(ConfigSet(key: key, value: value, reason: reason)))
    }

    /// The store knows how measurands are spelled, the gateway what the meters give: ChangeConfiguration is Rejected for the rest.
    private static func checkMeasurands(_ value: String, _ declaration: KeyDeclaration, _ session: Session) throws {
        guard isMeasurandList(declaration),
            // Without a gateway nobody knows, and the value is taken like one that was set before the first reading.
            let known = try? session.ask(GatewayStatus(), within: .seconds(2)).measurands
        else { return }
        guard let missing = unmeasured(value, of: declaration, known: known) else { return }
        let words = "no meter of this charger gives \(missing); they give: \(known.joined(separator: " "))"
        throw Failure(status: .refused, message: "\(declaration.key): \(words)")
    }

    private static func isMeasurandList(_ declaration: KeyDeclaration) -> Bool {
        declaration.type == .list && declaration.choices?.contains("Energy.Active.Import.Register") == true
    }

    /// The first item that is spelled right and that no meter gives.
    static func unmeasured(_ value: String, of declaration: KeyDeclaration, known: [String]) -> String? {
        let items = (try? declaration.canonical(value))?.split(separator: ",").map(String.init) ?? []
        return items.first { !known.contains($0) }
    }

    private static func standardInput() throws -> String {
        guard let line = readLine(strippingNewline: true) else {
            throw UsageError("standard input has no value; \"\" sets an empty one", usage: Usage.config)
        }
        return line
    }

    /// By a file, so that the secret never travels on the bus.
    private static func setSecret(_ key: String, _ secret: Secret, _ reason: String?, _ session: Session) throws {
        let inbox = SecretInbox(session.directory)
        let name: String
        do throws(SecretInboxError) { name = try inbox.put(secret) } catch {
            throw Failure(status: .refused, message: "\(error); a secret is set by who may write there")
        }
        // The store has removed the file unless it did not get that far.
        defer { inbox.takeBack(name) }
        try report(try session.ask(ConfigSet(key: key, value: nil, secretFile: name, reason: reason)))
    }

    private static func unset(_ arguments: inout Arguments, _ session: Session) throws {
        let reason = try arguments.option("--reason")
        let key = try arguments.next("the key")
        try arguments.end()
        try report(try session.ask(ConfigSet(key: key, value: nil, reason: reason)))
    }

    private static func report(_ reply: ConfigSet.Reply) throws {
        let note = reply.rebootRequired ? "; takes effect after a restart" : ""
        Output.line("\(reply.value.key) = \(shown(reply.value))\(note)")
    }

    private static func explain(_ arguments: inout Arguments, _ session: Session) throws {
        let words = try arguments.rest()
        let keys = words.filter { !SiteValues.isPath($0) }
        var unknown: [String] = []
        for place in words where SiteValues.isPath(place) {
            guard let text = SiteManual.text(of: place) else {
                unknown.append(place)
                continue
            }
            Output.line(place)
            Output.line("  \(text)")
        }
        if !keys.isEmpty || words.isEmpty { try explain(keys, session) }
        guard unknown.isEmpty else {
            let names = unknown.joined(separator: ", ")
            throw Failure(status: .refused, message: "charger.json has no place \(names); man charger.json names all")
        }
    }

    private static func explain(_ keys: [String], _ session: Session) throws {
        try each(keys, session) { entry in
            let declaration = entry.declaration
            Output.line("\(entry.value.key) = \(shown(entry.value))")
            Output.line("  \(declaration.description)")
            Output.line(
                "  \(range(of: declaration)), default \(declaration.defaultValue ?? "not set"), \(declaration.access)"
            )
            // What is in force is the owner's to say; the store knows what it keeps.
            let origin =
                entry.value.revision == 0
                ? "not set, so this is the default" : "stored at revision \(entry.value.revision)"
            Output.line("  of \(entry.value.owner), \(origin)\(declaration.rebootRequired ? ", needs a restart" : "")")
        }
    }

    private static func range(of declaration: KeyDeclaration) -> String {
        var words = [declaration.type.rawValue]
        switch (declaration.minimum, declaration.maximum) {
        case (let low?, let high?): words.append("\(low)…\(high)")
        case (let low?, nil): words.append("from \(low)")
        case (nil, let high?): words.append("up to \(high)")
        case (nil, nil): break
        }
        if let unit = declaration.unit { words.append(unit) }
        if let choices = declaration.choices { words.append("of " + choices.joined(separator: ", ")) }
        if let items = declaration.maximumItems { words.append("(at most \(items))") }
        return words.joined(separator: " ")
    }

    private static func history(_ arguments: inout Arguments, _ session: Session) throws {
        let asJSON = arguments.flag("--json")
        let limit = try arguments.integer("--limit", in: 1...500) ?? 50
        let key = arguments.next()
        try arguments.end()
        let changes = try session.ask(ConfigHistory(key: key, limit: Int(limit))).changes
        // A key that is unknown has no history for another reason than one that was never set.
        if changes.isEmpty, let key { _ = try entries([key], session) }
        if asJSON { return Output.line(String(decoding: try JSON.encode(changes), as: UTF8.self)) }
        for change in changes {
            let time = Timestamp(millisecondsSinceEpoch: change.at)
            let reason = change.reason.map { " (\($0))" } ?? ""
            // Only of a secret is neither value told.
            let isSecret = change.oldValue == nil && change.newValue == nil
            let values = isSecret ? "(secret)" : "\(change.oldValue ?? "–") → \(change.newValue ?? "–")"
            Output.line("\(time)  \(change.revision)  \(change.key): \(values)  by \(change.source)\(reason)")
        }
    }
}
