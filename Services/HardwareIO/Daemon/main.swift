import BusSchema
import HardwareSite
import SerialPort
import ServiceHost
import SiteConfiguration

ServiceHost.run(
    .hardwareIO,
    about: "the devices of a charger: pilot, contactor, meter, lock, card readers",
    site: SiteUse(
        reads: [.connectors, .mainMeter, .readers, .allowSimulation, .simulation],
        judge: { MeterFiles.mistakes($0) + $0.conflicts(identity: DeviceFile.identity) },
        describe: { (try? HardwareSettings($0, seed: 0))?.summary ?? [] }
    )
) {
    try HardwareDaemon($0)
}
