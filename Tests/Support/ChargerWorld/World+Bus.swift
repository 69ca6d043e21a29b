import BusSchema
import ConfigCore
import GatewayCore
import HardwareCore
import ModemCore
import Primitives

/// The bus. Only the gateway listens and asks; the order of one publisher's messages holds, that of requests beside them does not.
extension World {
    // MARK: - Publications

    mutating func publish(_ state: some BusState, from service: Service) {
        publish(AnyBusMessage(state), from: service)
    }

    mutating func publish(_ message: AnyBusMessage, from service: Service) {
        if !(message.value is MeterReading) { note("published", message.value) }
        if message.value is any BusState {
            let topic = message.value.topic
            if let index = retained[service].firstIndex(where: { $0.value.topic == topic }) {
                retained[service][index] = message
            } else {
                retained[service].append(message)
            }
        }
        send(message, from: service)
    }

    private mutating func send(_ message: AnyBusMessage, from service: Service) {
        guard service != .gateway, subscribed[service] else { return }
        if happens(bus.loss) {
            note("world", "the publication is lost")
            return auditor.disturbed(at: now)
        }
        for _ in 0..<(happens(bus.duplication) ? 2 : 1) {
            lastPublication[service] = max(lastPublication[service], now + delay(bus.delay, using: &random))
            queue.add(
                .publication(
                    message,
                    from: service,
                    publisher: incarnations[service],
                    subscriber: incarnations[.gateway]
                ),
                at: lastPublication[service]
            )
        }
    }

    mutating func repeatStates(of service: Service, publisher: Int) {
        guard isAlive(service), incarnations[service] == publisher else { return }
        for message in retained[service] { send(message, from: service) }
        queue.add(.repetition(of: service, publisher: publisher), at: now + bus.repetition)
    }

    /// A process of `service` has started: subscriptions reach it, or it subscribes, and waiting requests arrive.
    mutating func connectBus(of service: Service) {
        let publishers = service == .gateway ? Service.allCases : [service]
        for publisher in publishers where publisher != .gateway && isAlive(publisher) {
            queue.add(
                .discovery(
                    of: publisher,
                    publisher: incarnations[publisher],
                    subscriber: incarnations[.gateway]
                ),
                at: now + delay(bus.discovery, using: &random)
            )
        }
        let calls = waiting[service]
        waiting[service] = []
        for call in calls where call.asker == incarnations[.gateway] {
            queue.add(.request(call), at: now + delay(bus.discovery, using: &random))
        }
    }

    mutating func discover(_ service: Service, publisher: Int, subscriber: Int) {
        guard isAlive(service), incarnations[service] == publisher, gateway != nil,
            incarnations[.gateway] == subscriber
        else { return }
        subscribed[service] = true
        for message in retained[service] { send(message, from: service) }
    }

    mutating func arrive(_ message: AnyBusMessage, from service: Service, publisher: Int, subscriber: Int) {
        guard gateway != nil, incarnations[.gateway] == subscriber else { return }
        switch message.value {
        case let announce as Announce: tell(.announced(announce))
        case let state as ConnectorState: tell(.charging(.hardwareConnector(state)))
        case let reading as MeterReading: tell(.charging(.hardwareMeter(reading)))
        case let reader as ReaderState: tell(.charging(.hardwareReader(reader)))
        case let card as CardPresented: tell(.charging(.cardPresented(card)))
        case let uplink as UplinkState: tell(.uplink(uplink))
        case let values as ConfigValues where values.owner == .ocppGateway: tell(.configValues(values))
        default: break
        }
    }

    // MARK: - Requests

    mutating func request(_ order: BusCall.Order, within limit: Duration) {
        lastCall += 1
        let call = BusCall(id: lastCall, asker: incarnations[.gateway], order: order, expiresAt: now + limit)
        note("gateway asks", order)
        calls[call.id] = call
        queue.add(.patienceOver(callId: call.id), at: call.expiresAt)
        if happens(bus.requestLoss) {
            note("world", "the request is lost")
            return auditor.disturbed(at: now)
        }
        for _ in 0..<(happens(bus.duplication) ? 2 : 1) {
            queue.add(.request(call), at: now + delay(bus.delay, using: &random))
        }
    }

    mutating func arrive(_ call: BusCall) {
        let server = call.server
        guard isAlive(server) else {
            // It waits in the asker's socket, and is gone with it.
            if waiting[server].count < BusLimits.requestQueue { waiting[server].append(call) }
            return
        }
        lastCall += 1
        let number = lastCall
        serving[number] = call.id
        guard now <= call.expiresAt else {
            return answer(number, .error(BusError(.expired, "read too late")), from: server)
        }
        switch call.order {
        case .permit(let permit): tellHardware(.permitRequested(RequestID(number), permit))
        case .unlock(let unlock): tellHardware(.unlockRequested(RequestID(number), unlock))
        case .indicate(let indication):
            tellHardware(.indicateRequested(RequestID(number), indication))
        case .declare(let declaration):
            tell(config: .declareRequested(RequestID(number), declaration, from: .ocppGateway))
        case .store(_, let set, let secret):
            let input = secret.map { ConfigMachine.SecretInput.secret($0) }
            tell(config: .setRequested(RequestID(number), set, from: .ocppGateway, secret: input))
        case .report(let report): tell(modem: .reported(RequestID(number), report))
        }
    }

    mutating func answer(_ number: UInt64, _ answer: BusAnswer, from service: Service) {
        guard let callId = serving.removeValue(forKey: number), calls[callId] != nil else { return }
        if happens(bus.requestLoss) {
            note("world", "the answer is lost")
            return auditor.disturbed(at: now)
        }
        queue.add(.answer(callId: callId, answer), at: now + delay(bus.delay, using: &random))
    }

    mutating func losePatience(_ callId: UInt64) {
        guard let call = calls[callId] else { return }
        finish(callId, .error(BusError(.timedOut, "\(call.server) did not answer in time")))
    }

    mutating func finish(_ callId: UInt64, _ answer: BusAnswer) {
        guard let call = calls.removeValue(forKey: callId), call.asker == incarnations[.gateway] else { return }
        switch (call.order, answer) {
        case (.permit(let permit), .hardware(.permit(let reply))):
            tell(permit, .answered(reply.connector))
        case (.permit(let permit), .error(let error)): tell(permit, .failed(error))
        case (.unlock(let unlock), .hardware(.unlock(let reply))):
            tell(.charging(.unlockAnswered(connectorId: unlock.connectorId, .answered(reply.outcome))))
        case (.unlock(let unlock), .error(let error)):
            tell(.charging(.unlockAnswered(connectorId: unlock.connectorId, .failed(error))))
        case (.declare, .config(.declare(let reply))): tell(.declared(.success(reply)))
        case (.declare, .error(let error)): tell(.declared(.failure(error)))
        case (.store(let number, _, _), .config(.set(let reply))): tell(.stored(number: number, .success(reply)))
        case (.store(let number, _, _), .error(let error)): tell(.stored(number: number, .failure(error)))
        case (.indicate, _), (.report, _): break
        case (.permit, _), (.unlock, _), (.declare, _), (.store, _):
            violate("\(call.order) was answered with \(answer)")
        }
    }

    private mutating func tell(_ permit: Permit, _ outcome: PermitOutcome) {
        tell(
            .charging(
                .permitAnswered(connectorId: permit.connectorId, transaction: permit.transaction, outcome)
            )
        )
    }
}
