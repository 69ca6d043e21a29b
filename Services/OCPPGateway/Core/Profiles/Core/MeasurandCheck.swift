import BusSchema
import OCPP

/// What the meters of this charger give decides which lists of measurands are accepted (OCPP 1.6 §3.16.4). The table of keys knows only how
/// they are spelled: it is the same before hardware-io was heard for the first time.
extension CoreProfile {
    /// The first item of a list of measurands that no meter gives; nil when there is none, or when the request is about another key or wrong
    /// in another way.
    func unmeasured(_ request: ChangeConfiguration.Request, _ machine: GatewayMachine) -> MeasurandSelection? {
        let table = machine.configuration.table
        // What is not spelled right is refused by the rule of the key.
        guard let name = table.name(of: request.key.text), CoreKeys.measurandLists.contains(name),
            let text = try? table[name]?.canonical(request.value.text)
        else { return nil }
        return MeasurandSelection.list(text).first { !machine.charging.measures($0) }
    }
}
