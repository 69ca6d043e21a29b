import BusSchema
import ServiceHost
import SiteConfiguration

ServiceHost.run(
    .hardwareIO,
    about: "the devices of a charger: pilot, contactor, meter, lock, card readers",
    site: SiteUse(reads: [.connectors, .mainMeter, .readers, .allowSimulation, .simulation])
) {
    try HardwareDaemon($0)
}
