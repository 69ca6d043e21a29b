internal import BusSchema
internal import ServiceHost

ServiceHost.run(.configStore, about: "keeps the settings of all services; reads nothing of --config", site: SiteUse()) {
    try ConfigDaemon($0)
}
