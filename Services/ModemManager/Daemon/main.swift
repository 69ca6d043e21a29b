internal import BusSchema
internal import ServiceHost

ServiceHost.run(.modemManager, about: "watches over the uplinks of a charger") { host in try UplinkDaemon(host) }
