import BusSchema
import ServiceHost

ServiceHost.run(.ocppGateway, about: "the charger's side of OCPP 1.6J: link, authorization, transactions, status") {
    try GatewayDaemon($0)
}
