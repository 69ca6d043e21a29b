internal import BusSchema
internal import ServiceHost

ServiceHost.run(.configStore, about: "keeps the settings of all services of a charger") { host in
    try ConfigDaemon(host)
}
