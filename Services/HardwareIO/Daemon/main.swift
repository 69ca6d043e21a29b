import BusSchema
import ServiceHost

ServiceHost.run(.hardwareIO, about: "the devices of a charger: pilot, contactor, meter, lock, card readers") { host in
    try HardwareDaemon(host)
}
