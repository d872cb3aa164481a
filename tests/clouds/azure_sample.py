"""The sample response of *Get Order Item By Name* (API 2021-12-01), as it stands in the documentation."""

import json
from typing import Any

SAMPLE: dict[str, Any] = json.loads("""
{
  "properties": {
    "orderItemDetails": {
      "productDetails": {
        "displayInfo": {
          "productFamilyDisplayName": "Azure Stack Edge",
          "configurationDisplayName": "Azure Stack Edge Pro - 1 GPU"
        },
        "hierarchyInformation": {
          "productFamilyName": "azurestackedge",
          "productLineName": "azurestackedge",
          "productName": "azurestackedgegpu",
          "configurationName": "edgep_base"
        },
        "count": 0,
        "productDoubleEncryptionStatus": "Disabled"
      },
      "orderItemType": "Purchase",
      "currentStage": {
        "stageStatus": "Succeeded",
        "stageName": "Confirmed",
        "startTime": "2022-03-04T11:05:00.3575338+05:30"
      },
      "orderItemStageHistory": [
        {
          "stageStatus": "Succeeded",
          "stageName": "Placed",
          "startTime": "2022-03-04T10:55:54.3427968+05:30"
        },
        {
          "stageStatus": "Succeeded",
          "stageName": "Confirmed",
          "startTime": "2022-03-04T11:05:00.3575338+05:30"
        },
        {
          "stageStatus": "None",
          "stageName": "ReadyToShip"
        },
        {
          "stageStatus": "None",
          "stageName": "Shipped"
        },
        {
          "stageStatus": "None",
          "stageName": "Delivered"
        },
        {
          "stageStatus": "None",
          "stageName": "InUse"
        }
      ],
      "preferences": {
        "transportPreferences": {
          "preferredShipmentType": "MicrosoftManaged"
        }
      },
      "notificationEmailList": [],
      "cancellationStatus": "NotCancellable",
      "deletionStatus": "NotAllowed",
      "returnStatus": "NotReturnable",
      "managementRpDetailsList": [
        {
          "resourceProviderNamespace": "Microsoft.DataBoxEdge"
        }
      ]
    },
    "addressDetails": {
      "forwardAddress": {
        "shippingAddress": {
          "streetAddress1": "16 TOWNSEND ST",
          "streetAddress2": "UNIT 1",
          "city": "San Francisco",
          "stateOrProvince": "CA",
          "country": "US",
          "postalCode": "94107",
          "companyName": "Microsoft",
          "addressType": "None"
        },
        "contactDetails": {
          "contactName": "XXXX XXXX",
          "phone": "0000000000",
          "phoneExtension": "",
          "emailList": [
            "xxxx@xxxx.xxx"
          ]
        },
        "addressValidationStatus": "Valid"
      }
    },
    "startTime": "2022-03-04T10:55:10.2820482+05:30",
    "orderId": "/subscriptions/YourSubscriptionId/resourceGroups/YourResourceGroupName/providers/Microsoft.EdgeOrder/locations/eastus/orders/TestOrderName1"
  },
  "systemData": {
    "createdAt": "0001-01-01T05:30:00+05:30",
    "lastModifiedAt": "0001-01-01T05:30:00+05:30"
  },
  "location": "eastus",
  "tags": {},
  "name": "TestOrderItemName1",
  "id": "/subscriptions/YourSubscriptionId/resourceGroups/YourResourceGroupName/providers/Microsoft.EdgeOrder/orderItems/TestOrderItemName1",
  "type": "Microsoft.EdgeOrder/orderItems"
}
""")  # noqa: E501 - as it stands
