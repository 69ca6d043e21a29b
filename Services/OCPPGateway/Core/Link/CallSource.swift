import OCPP
import Primitives

/// A machine that wants CALLs sent. The slot for the one outstanding CALL (OCPP-J 1.6 §4.1.1) goes to the first in the list that has one.
struct CallSource: Sendable {
    /// The keys that are its own.
    let keys: [CallKey.Source]
    /// Nothing but BootNotification is sent before the central system accepted (OCPP 1.6 §4.2).
    let needsRegistration: Bool
    /// The CALL to send now, if there is one.
    let nextCall: @Sendable (inout GatewayMachine, inout GatewayTurn) -> OutgoingCall?
    /// How a CALL of this source ended.
    let callFinished: @Sendable (inout GatewayMachine, CallKey, CallOutcome, inout GatewayTurn) -> Void
}

extension CallSource {
    /// All of them, the most urgent first.
    static let all = [registration, charging, dataTransfer, heartbeat]

    /// The one that a key belongs to.
    static func of(_ key: CallKey) -> CallSource {
        guard let source = all.first(where: { $0.keys.contains(key.source) }) else {
            preconditionFailure("Every source of keys is in the list.")
        }
        return source
    }

    private static var registration: CallSource {
        CallSource(
            keys: [.registration],
            needsRegistration: false,
            nextCall: { machine, turn in machine.registration.nextCall(at: turn.moment) },
            callFinished: { machine, _, outcome, turn in
                machine.obey(registration: machine.registration.callFinished(outcome, at: turn.moment), &turn)
            }
        )
    }

    private static var charging: CallSource {
        CallSource(
            keys: [.authorization, .status, .delivery, .mainMeter],
            needsRegistration: true,
            nextCall: { machine, turn in
                machine.chargingPart.mayCall(at: turn.uptime) ? machine.charging.nextCall(at: turn.moment) : nil
            },
            callFinished: { machine, key, outcome, turn in
                machine.perform(machine.charging.callFinished(key, outcome, at: turn.moment), &turn)
            }
        )
    }

    private static var dataTransfer: CallSource {
        CallSource(
            keys: [.dataTransfer],
            needsRegistration: true,
            nextCall: { machine, _ in
                guard machine.profiles.wantToCall else { return nil }
                return FeatureProfiles.with(DataTransferProfile.self, of: &machine) { profile, _ in profile.nextCall() }
            },
            callFinished: { machine, key, outcome, turn in
                FeatureProfiles.with(DataTransferProfile.self, of: &machine) { profile, _ in
                    profile.callFinished(key, outcome, &turn)
                }
            }
        )
    }

    private static var heartbeat: CallSource {
        CallSource(
            keys: [.heartbeat],
            needsRegistration: true,
            nextCall: { machine, turn in machine.heartbeat.nextCall(at: turn.moment) },
            callFinished: { machine, _, _, turn in machine.heartbeat.callFinished(at: turn.moment) }
        )
    }
}
