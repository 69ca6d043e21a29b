import BusSchema
import OCPP

extension CoreProfile {
    /// Whether the request switches the authorization cache on while the disk still has what it knew before it was switched off. A process
    /// that begins then could not tell that nobody listened meanwhile.
    func switchesCacheOnTooEarly(_ request: ChangeConfiguration.Request, _ machine: GatewayMachine) -> Bool {
        let table = machine.configuration.table
        guard machine.charging.isCacheForgetting, let name = table.name(of: request.key.text),
            name == CoreKeys.cacheSwitch
        else { return false }
        return (try? table[name]?.canonical(request.value.text)) == "true"
    }
}
