internal import BusSchema
internal import ServiceHost

ServiceHost.run(.configStore, about: "keeps the settings of all services; --config is not read") { host in
    try ConfigDaemon(host)
}
