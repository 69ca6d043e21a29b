import BusSchema
import OCPP
import Primitives

/// What the machines' effects mean for each other and for the shell.
extension GatewayMachine {
    // MARK: - Connection

    mutating func obey(link orders: [ConnectionMachine.Effect], _ turn: inout GatewayTurn) {
        for order in orders {
            switch order {
            case .resolve(let dial): turn.add(.resolve(dial: dial))
            case .connect(let dial, let address): turn.add(.connect(dial: dial, address: address))
            case .secure(let dial):
                turn.add(.secureLink(dial: dial, time: clock.knownTime(at: turn.moment)))
            case .startHandshake(let dial): turn.add(.startHandshake(dial: dial))
            case .sendPing: turn.add(.sendPing)
            case .close(let dial): turn.add(.closeLink(dial: dial))
            case .abort(let dial): turn.add(.abortLink(dial: dial))
            case .opened: turn.log(.notice, "connected to the central system")
            case .lost: lost(&turn)
            case .log(let record): turn.add(.log(record))
            }
        }
    }

    private mutating func lost(_ turn: inout GatewayTurn) {
        if let call = calls.connectionLost() { finish(call, .connectionLost, &turn) }
    }

    /// Tells charging and heartbeat when the way to the central system opens or closes.
    mutating func updateOnline(_ turn: inout GatewayTurn) {
        let isOnline = connection.isOpen && registration.gate == .open
        if isOnline == told.isOnline { return }
        told.isOnline = isOnline
        if isOnline {
            // A registration from before proves nothing about this connection; its first message will.
            if told.hasJustRegistered { obey(link: connection.handle(.accepted, at: turn.moment), &turn) }
            heartbeat.wentOnline(at: turn.moment)
            perform(charging.handle(.wentOnline(registered: told.hasJustRegistered), at: turn.moment), &turn)
            told.hasJustRegistered = false
        } else {
            heartbeat.wentOffline()
            perform(charging.handle(.wentOffline, at: turn.moment), &turn)
        }
    }

    // MARK: - Registration

    mutating func obey(registration orders: [RegistrationMachine.Effect], _ turn: inout GatewayTurn) {
        for order in orders {
            switch order {
            case .accepted(let seconds):
                told.hasJustRegistered = true
                if let seconds { obey(configuration: configuration.setHeartbeatInterval(seconds: seconds), &turn) }
            case .notAccepted: break  // The view shows it.
            case .log(let record): turn.add(.log(record))
            }
        }
    }

    // MARK: - Configuration

    mutating func obey(configuration orders: [ConfigurationMachine.Effect], _ turn: inout GatewayTurn) {
        for order in orders {
            switch order {
            case .declare(let request): turn.add(.declareKeys(request))
            case .store(let number, let request): turn.add(.store(number: number, request))
            case .storeSecret(let number, let key, let secret):
                turn.add(.storeSecret(number: number, key: key, secret))
            case .answer(let callId, let confirmation): turn.answer(callId, .changeConfiguration(confirmation))
            case .refuse(let callId, let error): turn.refuse(callId, error)
            case .answerRead(let callId, .success(let confirmation)):
                turn.answer(callId, .getConfiguration(confirmation))
            case .answerRead(let callId, .failure(let error)): turn.refuse(callId, error)
            case .changed(let keys):
                heartbeat.setInterval(keys.heartbeatInterval)
                connection.setPingInterval(keys.webSocketPingInterval, at: turn.moment)
                perform(charging.handle(.keysChanged(keys), at: turn.moment), &turn)
            case .credentialsChanged: obey(link: connection.handle(.reconnectRequested, at: turn.moment), &turn)
            case .persistSnapshot(let snapshot): turn.add(.save(AnyDocument(snapshot)))
            case .log(let record): turn.add(.log(record))
            }
        }
    }

    // MARK: - Charging

    /// Puts what charging orders into its places of the turn.
    mutating func perform(_ orders: [ChargingEffect], _ turn: inout GatewayTurn) {
        for order in orders {
            switch order {
            case .persist(let records, let durability): turn.persist(records, durability)
            case .loadQueue(let query): turn.add(.loadQueue(query))
            case .compact(let compaction): turn.add(.compact(compaction))
            case .requestPermit(let permit) where !permit.granted: turn.cutEnergy(permit)
            case .requestPermit(let permit): turn.add(.requestPermit(permit))
            case .requestUnlock(let unlock): turn.add(.requestUnlock(unlock))
            case .indicate(let indication): turn.add(.indicate(indication))
            case .confirmUnlock(let id, let confirmation): turn.answer(id, .unlockConnector(confirmation))
            case .confirmAvailability(let id, let confirmation): turn.answer(id, .changeAvailability(confirmation))
            case .confirmClearCache(let id, let confirmation): turn.answer(id, .clearCache(confirmation))
            case .save(let document): turn.add(.save(document))
            case .publish(let message):
                told.view.note(message)
                turn.add(.publish(message))
            case .log(let record): turn.add(.log(record))
            }
        }
    }
}
