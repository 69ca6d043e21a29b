internal import BusSchema
internal import ServiceHost
internal import SiteConfiguration

ServiceHost.run(
    .modemManager,
    about: "watches over the uplinks of a charger",
    site: SiteUse(reads: [.uplinks, .allowSimulation], glimpses: [.centralSystem])
) {
    try UplinkDaemon($0)
}
