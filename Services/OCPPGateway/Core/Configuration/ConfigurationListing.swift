import BusSchema
import OCPP

/// What GetConfiguration shows: the keys of the table with the values in force (OCPP 1.6 §5.8).
struct ConfigurationListing {
    let table: OCPPKeyTable
    let keys: OCPPKeys

    /// - Throws: `CallError` when more keys are asked for than `GetConfigurationMaxKeys` allows.
    func confirmation(_ request: GetConfiguration.Request) throws(CallError) -> GetConfiguration.Confirmation {
        guard let asked = request.key, !asked.isEmpty else {
            let listed = table.declarations.filter { $0.access != .writeOnly }
            return GetConfiguration.Confirmation(configurationKey: listed.compactMap(keyValue))
        }
        guard asked.count <= keys.getConfigurationMaxKeys else {
            throw CallError(
                code: .occurenceConstraintViolation,
                errorDescription: "at most \(keys.getConfigurationMaxKeys) keys may be asked for"
            )
        }
        var known: [KeyValue] = []
        var unknown: [CiString50] = []
        for key in asked {
            guard let name = table.name(of: key.text), let declaration = table[name] else {
                unknown.append(key)
                continue
            }
            // A write-only key exists, so it is not unknown, and is never given back (JE §3.12).
            if declaration.access != .writeOnly, let value = keyValue(declaration) { known.append(value) }
        }
        return GetConfiguration.Confirmation(
            configurationKey: known.isEmpty ? nil : known,
            unknownKey: unknown.isEmpty ? nil : unknown
        )
    }

    private func keyValue(_ declaration: KeyDeclaration) -> KeyValue? {
        guard let key = CiString50(declaration.key) else { return nil }
        return KeyValue(
            key: key,
            readonly: declaration.access == .readOnly,
            value: keys.text(OCPPKeyName(rawValue: declaration.key)).flatMap { CiString500($0) }
        )
    }
}
