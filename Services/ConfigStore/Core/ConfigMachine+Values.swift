internal import BusSchema

/// What is in force: the stored value where it fits its declaration, the default else.
extension ConfigMachine {
    func values(of owner: ServiceName) -> ConfigValues {
        let values = declarations.keys(of: owner).map { value(of: $0, owner) }
        return ConfigValues(owner: owner, revision: settings.revision, values: values)
    }

    func value(of declaration: KeyDeclaration, _ owner: ServiceName) -> ConfigValue {
        let key = declaration.key
        let stored = settings[key]
        if declaration.secret {
            let isPresent = secrets[key.lowercased()] != nil
            let revision = isPresent ? stored?.revision ?? 0 : 0
            return ConfigValue(key: key, owner: owner, value: nil, revision: revision, secretPresent: isPresent)
        }
        guard let stored, let text = fitting(declaration, stored) else {
            return ConfigValue(key: key, owner: owner, value: declaration.defaultValue, revision: 0)
        }
        return ConfigValue(key: key, owner: owner, value: text, revision: stored.revision)
    }

    /// Why the stored value of the key is not used; nil when it is, or when there is none.
    func misfit(of declaration: KeyDeclaration) -> String? {
        guard !declaration.secret, let text = settings[declaration.key]?.value else { return nil }
        do {
            _ = try declaration.canonical(text)
            return nil
        } catch {
            return error.description
        }
    }

    private func fitting(_ declaration: KeyDeclaration, _ stored: StoredSettings.Entry) -> String? {
        guard let text = stored.value else { return nil }
        // Why it does not fit was said when the key was declared.
        return try? declaration.canonical(text)
    }
}
