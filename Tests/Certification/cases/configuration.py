"""Configuration keys, and what a Core charge point says to the rest (OCPP 1.6 §5.3, §5.6, §5.8, §9.1)."""

import seed
from case import Refused, case


# Shows: CORE-CFG-01, CORE-CFG-02, CORE-CFG-10, SEED-01, SEED-09
@case("TC_019", "Retrieve all configuration keys")
def all_keys(lab):
    known, unknown = lab.get()
    lab.check(not unknown, f"unknown keys without having asked for any: {unknown}")
    for key in seed.READ_WRITE:
        lab.check(key in known, f"{key} is missing")
        # E §3.85: a fixed cable is never unlocked, and the key says so.
        fixed = key == "UnlockConnectorOnEVSideDisconnect" and not lab.form.detachable_cable
        lab.check(fixed or not known[key]["readonly"], f"{key} is read-only")
    for key in seed.READ_ONLY:
        lab.check(key in known and known[key]["readonly"], f"{key} is missing or not read-only")
    lab.check("Core" in known["SupportedFeatureProfiles"]["value"].split(","), "SupportedFeatureProfiles is without Core")
    lab.check(known["NumberOfConnectors"]["value"] == str(lab.form.connectors), "NumberOfConnectors is not what the form says")
    lab.check(not known.get("AuthorizationKey", {}).get("value"), "AuthorizationKey can be read")
    single, _ = lab.get("SupportedFeatureProfiles")
    lab.check(list(single) == ["SupportedFeatureProfiles"], f"asked for one key, got {list(single)}")
    _, unknown = lab.get("NoSuchKey")
    lab.check(unknown == ["NoSuchKey"], f"unknownKey is {unknown}")
    lab.evidence["configuration"] = known
    differences = seed.differences(known)
    lab.check(not differences, "not as the certificate has it: " + "; ".join(differences))


# Shows: CORE-CFG-07, CORE-CFG-17
@case("TC_021", "Change and set configuration")
def change(lab):
    lab.set(MeterValueSampleInterval=15)
    value = lab.get("MeterValueSampleInterval")[0]["MeterValueSampleInterval"]["value"]
    lab.check(value == "15", f"it was set to 15 and reads {value}")


# Shows: CORE-CFG-07
@case("TC_040_1", "Configuration key unknown")
def unknown_key(lab):
    lab.answered("NotSupported", "ChangeConfiguration", key="NoSuchKey", value="1")


# Shows: CORE-CFG-07, CORE-CFG-08
@case("TC_040_2", "Configuration value wrong")
def wrong_value(lab):
    before, _ = lab.get("MeterValueSampleInterval")
    lab.answered("Rejected", "ChangeConfiguration", key="MeterValueSampleInterval", value="-1")
    lab.check(lab.get("MeterValueSampleInterval")[0] == before, "the rejected value is in force")


@case("TC_042_1", "Local list version, list not supported")
def local_list_version(lab):
    try:
        version = lab.call("GetLocalListVersion")["listVersion"]
        lab.check(version == -1, f"listVersion is {version}, expected -1")
    except Refused as refused:
        lab.check(refused.code in ("NotSupported", "NotImplemented"), str(refused))


# Shows: CORE-CFG-21
@case("TC_043_1", "Send local list, not supported")
def send_local_list(lab):
    try:
        lab.answered("NotSupported", "SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=[])
    except Refused as refused:
        lab.check(refused.code in ("NotSupported", "NotImplemented"), str(refused))


@case("TC_062", "Data transfer to the charge point")
def data_transfer(lab):
    lab.answered(
        ("Rejected", "UnknownVendorId", "UnknownMessageId"), "DataTransfer", vendorId="org.example.lab", messageId="x", data="y"
    )


@case("TC_064", "Data transfer to the central system", applies="no: the charge point of the certificate sends none")
def data_transfer_of_the_charge_point(lab):
    lab.silence(lab.seconds(5, 1))
