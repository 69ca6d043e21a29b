import BusSchema
import GatewaySite
import ServiceHost
import SiteConfiguration

ServiceHost.run(
    .ocppGateway,
    about: "the charger's side of OCPP 1.6J: link, authorization, transactions, status",
    site: SiteUse(
        reads: [.station, .centralSystem, .ocpp, .permit, .powerLoss, .reset, .allowSimulation],
        glimpses: [.connectors],
        judge: OCPPSection.mistakes
    )
) {
    try GatewayDaemon($0)
}
